package onepassword_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/onepassword"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

// TestWhereAStoreMayConnect: a store that may reach less than another of the same site uses none of its connections.
func TestWhereAStoreMayConnect(t *testing.T) {
	sim := connect.New(connect.Options{})
	url := strings.Replace(sim.Start(), "127.0.0.1", "localhost", 1)
	t.Cleanup(sim.Close)
	sim.AddVault("pitower")
	p := onepassword.New()
	check := func(hosts ...string) error {
		var reach *egress.Policy
		if hosts != nil {
			var err error
			reach, err = egress.New(hosts, "")
			require.NoError(t, err)
		}
		client, err := p.Connect(spec(url, "pitower"), material(connect.DefaultToken), reach)
		if err != nil {
			return err
		}
		t.Cleanup(client.Close)
		return client.Check(t.Context())
	}
	require.NoError(t, check())
	failed := requireReason(t, provider.Invalid, check("connect.example.com"))
	require.Contains(t, failed.Message, "connectHost: a SecretStore may not reach")
	failed = requireReason(t, provider.Unavailable, check("localhost"))
	require.Contains(t, failed.Message, "the host leads to an address that a SecretStore may not reach")
	require.NotContains(t, failed.Message, "127.0.0.1")
	require.NoError(t, check("localhost", "127.0.0.1", "::1"))
}
