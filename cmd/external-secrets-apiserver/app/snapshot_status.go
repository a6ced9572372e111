package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/live-secrets/external-secrets-apiserver/pkg/snapshot"
)

// resources are what the store holds, in the order of a table.
var resources = []string{"externalsecrets", "secretstores", "clustersecretstores"}

// The values of --output.
const (
	outputTable = "table"
	outputJSON  = "json"
)

func newStatusCommand() *cobra.Command {
	s := newStore()
	output := outputTable
	cmd := &cobra.Command{
		Use:   "status FILE",
		Short: "Verify a snapshot and say what is in it",
		Args:  cobra.ExactArgs(1),

		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != outputTable && output != outputJSON {
				return errors.New("--output must be table or json")
			}
			info, err := snapshot.Inspect(args[0], s.layout())
			if err != nil {
				return fmt.Errorf("look into a snapshot: %w", err)
			}
			if output == outputJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				return encoder.Encode(info)
			}
			return printStatus(cmd.OutOrStdout(), info)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", output, "How to print it: table or json.")
	s.addPrefix(cmd.Flags())
	return cmd
}

func printStatus(w io.Writer, info snapshot.Info) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { fmt.Fprintf(table, "%s\t%v\n", strings.ToUpper(name), value) }
	row("file", info.File)
	row("taken", info.Taken.Format(time.RFC3339))
	row("bytes", info.Size)
	row("hash", "verified, "+info.SHA256)
	row("store id", orNone(info.StoreID))
	row("revision", info.Revision)
	row("keys", info.Keys)
	for _, resource := range resources {
		row(resource, info.Objects[resource])
	}
	row("etcd format", orNone(info.EtcdVersion))
	return table.Flush()
}

func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}
