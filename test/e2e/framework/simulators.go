package framework

import (
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/seed"
)

// Simulators are the providers that stores of a test point at, with the data of
// seed.HomeCluster. They run in the test's process: faults are injected, and
// requests counted, through their methods.
type Simulators struct {
	Connect   *connect.Server
	Infisical *infisical.Server
}

// StartSimulators serves both on loopback, over plain HTTP, until the test ends.
func StartSimulators(t testing.TB) Simulators {
	t.Helper()
	var s Simulators
	s.Connect, s.Infisical = seed.HomeCluster().Servers(connect.Options{}, infisical.Options{})
	s.Connect.Start()
	t.Cleanup(s.Connect.Close)
	s.Infisical.Start()
	t.Cleanup(s.Infisical.Close)
	return s
}
