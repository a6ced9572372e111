package infisical

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// TestWhereAStoreMayConnect: neither the login nor what follows it leads anywhere else.
func TestWhereAStoreMayConnect(t *testing.T) {
	f := start(t)
	f.url = strings.Replace(f.url, "127.0.0.1", "localhost", 1)
	check := func(hosts ...string) error {
		reach, err := egress.New(hosts, "")
		require.NoError(t, err)
		c, err := f.provider.Connect(f.spec(), credentials(testSecret), reach)
		if err != nil {
			return err
		}
		t.Cleanup(c.Close)
		if err := c.Check(t.Context()); err != nil {
			return err
		}
		_, err = c.Revalidate(t.Context(), provider.Scope{Name: "/"}, nil, true)
		return err
	}
	err := check("infisical.example.com")
	require.Equal(t, provider.Invalid, provider.ReasonOf(err))
	require.ErrorContains(t, err, "hostAPI: a SecretStore may not reach")
	err = check("localhost")
	require.Equal(t, provider.Unavailable, provider.ReasonOf(err))
	require.ErrorContains(t, err, egress.ErrAddress.Error())
	f.counts(0, 0, 0)

	require.NoError(t, check("localhost", "127.0.0.1", "::1"))
	f.counts(1, 1, 0)
	require.Error(t, check("localhost"), "a login that another store made leads no further")
	f.counts(1, 1, 0)
}
