// Package live tests what only this server does: reads that are answered from the provider, now.
package live

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/seed"
)

var (
	env *framework.Environment
	// secured is a Connect behind a CA of its own, which the server trusts as it would one of the system's.
	secured *connect.Server
)

func TestMain(m *testing.M) {
	secured, _ = seed.HomeCluster().Servers(connect.Options{}, infisical.Options{})
	secured.StartTLS()
	framework.Main(m, framework.Options{Roots: secured.CA()}, &env)
}
