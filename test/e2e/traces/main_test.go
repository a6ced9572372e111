// Package traces follows requests and syncs by the traces that kube-apiserver and the server send to one collector.
package traces

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/collector"
	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var (
	env     *framework.Environment
	arrived *collector.Collector
)

func TestMain(m *testing.M) {
	var err error
	if arrived, err = collector.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	dir, err := os.MkdirTemp("", "traces-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	flag := "--tracing-config-file=" + filepath.Join(dir, "tracing.yaml")
	if err := os.WriteFile(filepath.Join(dir, "tracing.yaml"), []byte(arrived.Configuration()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	framework.Main(m, framework.Options{
		ControlPlane: controlplane.Options{APIServerArgs: []string{flag}},
		ServerArgs:   []string{flag},
	}, &env)
}
