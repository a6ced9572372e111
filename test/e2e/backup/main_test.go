// Package backup saves the store of a server that is in use, puts it back, and fills it up.
package backup

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var (
	env *framework.Environment
	// snapshots is the server's --snapshot-dir.
	snapshots string
)

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if snapshots, err = os.MkdirTemp("", "snapshots-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// The process ends with the run, and leaves the folder to the system.
	framework.Main(m, framework.Options{ServerArgs: []string{"--snapshot-dir=" + snapshots, "--snapshot-interval=1m"}}, &env)
}
