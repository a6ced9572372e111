package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver/options"
	"github.com/live-secrets/external-secrets-apiserver/pkg/embeddedetcd"
	"github.com/live-secrets/external-secrets-apiserver/pkg/fence"
	"github.com/live-secrets/external-secrets-apiserver/pkg/snapshot"
)

// standardStream in the place of a file is standard output, or input.
const standardStream = "-"

// store is where the subcommands look for the store. Its flags are the server's.
type store struct {
	dataDir string
	etcd    storagebackend.TransportConfig
	prefix  string
}

func newStore() *store {
	server := options.New()
	return &store{dataDir: server.DataDir, prefix: server.Recommended.Etcd.StorageConfig.Prefix}
}

func (s *store) addDataDir(flags *pflag.FlagSet, about string) {
	flags.StringVar(&s.dataDir, "data-dir", s.dataDir, about)
}

func (s *store) addPrefix(flags *pflag.FlagSet) {
	flags.StringVar(&s.prefix, "etcd-prefix", s.prefix, "The server's --etcd-prefix, below which the store is in etcd.")
}

func (s *store) addEtcd(flags *pflag.FlagSet) {
	flags.StringSliceVar(&s.etcd.ServerList, "etcd-servers", nil, "Servers of an external etcd (scheme://host:port, comma-separated). The first that answers is asked.")
	flags.StringVar(&s.etcd.TrustedCAFile, "etcd-cafile", "", "File of the authorities that certificates of --etcd-servers are checked by.")
	flags.StringVar(&s.etcd.CertFile, "etcd-certfile", "", "File of the client's certificate for --etcd-servers.")
	flags.StringVar(&s.etcd.KeyFile, "etcd-keyfile", "", "File of the client's key for --etcd-servers.")
}

// layout is where in etcd the store is.
func (s *store) layout() snapshot.Layout {
	return snapshot.Layout{Prefix: s.prefix, IDKey: fence.IDKey(s.prefix), Resources: resources}
}

// reach is the etcd to ask: the external one, or that of the server that runs on the data directory.
func (s *store) reach(ctx context.Context) (storagebackend.TransportConfig, error) {
	if len(s.etcd.ServerList) > 0 {
		return s.etcd, nil
	}
	endpoint, err := embeddedetcd.Find(ctx, s.dataDir)
	if err != nil {
		return storagebackend.TransportConfig{}, err
	}
	return storagebackend.TransportConfig{ServerList: []string{endpoint}}, nil
}

func newSnapshotCommand(ctx context.Context) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "snapshot",
		Short: "Save the store, look into what was saved, restore it",
		Long:  "Save the store of ExternalSecrets and stores to a file, look into the file, make a store of it again (docs/operations/backup.md).",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	// The server's own help shows sections of flags, and no commands.
	plain := &cobra.Command{}
	cmd.SetUsageFunc(plain.UsageFunc())
	cmd.SetHelpFunc(plain.HelpFunc())
	cmd.AddCommand(newSaveCommand(ctx), newStatusCommand(), newRestoreCommand(ctx))
	return cmd
}

func newSaveCommand(ctx context.Context) *cobra.Command {
	s := newStore()
	cmd := &cobra.Command{
		Use:   "save FILE",
		Short: "Save the store of a running server to a file",
		Long:  "Save the store of the server that runs on --data-dir, or that is in --etcd-servers, to a file. Nobody waits for it. With - for FILE it goes to standard output.",
		Args:  cobra.ExactArgs(1),

		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			etcd, err := s.reach(ctx)
			if err != nil {
				return fmt.Errorf("save a snapshot: %w", err)
			}
			var saved snapshot.Saved
			if args[0] == standardStream {
				saved, err = snapshot.Stream(ctx, etcd, cmd.OutOrStdout())
			} else {
				saved, err = snapshot.Save(ctx, etcd, args[0])
			}
			if err != nil {
				return fmt.Errorf("save a snapshot: %w", err)
			}
			_, err = fmt.Fprintf(cmd.ErrOrStderr(), "Saved %d bytes, SHA-256 %s\n", saved.Size, saved.SHA256)
			return err
		},
	}
	s.addDataDir(cmd.Flags(), "The server's --data-dir, where its etcd is embedded.")
	s.addEtcd(cmd.Flags())
	return cmd
}

func newRestoreCommand(ctx context.Context) *cobra.Command {
	s := newStore()
	bump := uint64(snapshot.DefaultBump)
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make the store of an embedded etcd from a snapshot",
		Long: "Make the store of an embedded etcd, in a directory that is empty or not there, from a snapshot. The server that is started on it " +
			"refuses to serve until it is told by --accept-store that what was stored since the snapshot is lost (docs/operations/fence.md). With - for FILE the snapshot is read from standard input.",
		Args: cobra.ExactArgs(1),

		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) (failure error) {
			file := args[0]
			if file == standardStream {
				spooled, remove, err := snapshot.Spool(cmd.InOrStdin(), s.dataDir)
				if err != nil {
					return fmt.Errorf("restore a snapshot: %w", err)
				}
				file = spooled
				defer func() { failure = errors.Join(failure, remove()) }()
			}
			restored, err := snapshot.Restore(ctx, file, s.dataDir, s.layout(), bump)
			if err != nil {
				return fmt.Errorf("restore a snapshot: %w", err)
			}
			_, err = fmt.Fprintf(cmd.ErrOrStderr(), "Restored %d ExternalSecrets into %s, at revision %d. Start the server on it: it will say how to accept the store.\n",
				restored.From.Objects[resources[0]], s.dataDir, restored.Revision)
			return err
		},
	}
	s.addDataDir(cmd.Flags(), "Directory to restore into, which the server is then started with.")
	cmd.Flags().Uint64Var(&bump, "bump-revision", bump, "How much higher the store's revision becomes than the snapshot's: more than was changed since. Who watched the store is told to begin anew.")
	s.addPrefix(cmd.Flags())
	return cmd
}
