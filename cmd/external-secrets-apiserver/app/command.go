// Package app is the command line of external-secrets-apiserver.
package app

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/cli/globalflag"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/logs/json/register" // --logging-format=json
	"k8s.io/component-base/term"
	"k8s.io/component-base/version/verflag"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver/options"
	"github.com/live-secrets/external-secrets-apiserver/pkg/coredump"
)

// NewCommand makes the command; it serves until ctx ends.
func NewCommand(ctx context.Context) *cobra.Command {
	o := options.New()
	cmd := &cobra.Command{
		Use:   "external-secrets-apiserver",
		Short: "Serve external-secrets.io/v1, live",
		Long: `external-secrets-apiserver serves ExternalSecret, SecretStore and ClusterSecretStore as an aggregated Kubernetes API
server. A read is answered from the provider, now; a background materializer keeps the Secrets that pods mount.

The store is saved, looked into and restored by: external-secrets-apiserver snapshot --help`,
		SilenceUsage: true,
		Args:         cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			verflag.PrintAndExitIfRequested()
			if err := coredump.Disable(); err != nil {
				return err
			}
			if err := logsapi.ValidateAndApply(o.Logs, nil); err != nil {
				return fmt.Errorf("set up logging: %w", err)
			}
			if err := o.Complete(); err != nil {
				return err
			}
			if err := o.Validate(); err != nil {
				return err
			}
			return Run(ctx, o)
		},
	}

	flags := o.Flags()
	verflag.AddFlags(flags.FlagSet("global"))
	globalflag.AddGlobalFlags(flags.FlagSet("global"), cmd.Name(), logs.SkipLoggingConfigurationFlags())
	for _, set := range flags.FlagSets {
		cmd.Flags().AddFlagSet(set)
	}
	columns, _, _ := term.TerminalSize(cmd.OutOrStdout())
	cliflag.SetUsageAndHelpFunc(cmd, flags, columns)
	cmd.AddCommand(newSnapshotCommand(ctx), newUninstallCommand(ctx))
	return cmd
}
