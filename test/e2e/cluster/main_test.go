// Package cluster applies the manifests of the first user's cluster, artifacts/examples, as they are written: the addresses
// in them lead to simulators through a forward proxy, as they would lead out of a company's network.
package cluster

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/proxy"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/seed"
)

var (
	env             *framework.Environment
	onePass         *connect.Server
	infisicalServer *infisical.Server
)

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		os.Exit(0)
	}
	onePass, infisicalServer = seed.HomeCluster().Servers(connect.Options{}, infisical.Options{})
	routes := proxy.New(map[string]string{
		"onepassword-connect:8080": address(onePass.Start()),
		"eu.infisical.com:443":     address(infisicalServer.StartTLS("eu.infisical.com")),
	})
	dir, err := os.MkdirTemp("", "cluster-")
	if err == nil {
		err = routes.Start()
	}
	ca := filepath.Join(dir, "ca.crt")
	if err == nil {
		err = os.WriteFile(ca, infisicalServer.CA(), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// The process ends with the run, and what it serves with it.
	framework.Main(m, framework.Options{ServerEnv: routes.Environment(ca)}, &env)
}

// address is the host and port of a URL.
func address(url string) string {
	_, host, _ := strings.Cut(url, "://")
	return host
}
