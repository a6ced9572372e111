package infisical

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Each request is announced under the context of the call that sends it, logins included, so that budgets know what a call
// costs.
func TestEachRequestIsAnnounced(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/", "KEY", "value")
	c := f.connect()
	announced := 0
	ended := map[string]int{}
	ctx := provider.WithRequests(t.Context(), func(route string) func(int) {
		announced++
		return func(status int) {
			require.NotZero(t, status, route)
			ended[route]++
		}
	})
	var held provider.Picture
	revalidate := func() (err error) {
		held, err = c.Revalidate(ctx, root, held, false)
		return err
	}
	for _, step := range []struct {
		name string
		do   func() error
		want int
	}{
		{"login and list", revalidate, 2},
		{"unchanged", revalidate, 1},
		{"token withdrawn: refused, login, list", func() error {
			f.RevokeTokens(testID)
			return revalidate()
		}, 3},
		{"check of a token that works", func() error { return c.Check(ctx) }, 0},
		{"confirm", func() error {
			f.DeleteSecret(testProject, "dev", "/", "KEY")
			return c.Confirm(ctx, provider.Need{Kind: provider.KindValue, Key: "KEY"}, nil)
		}, 1},
	} {
		announced = 0
		clear(ended)
		f.Requests.Reset()
		require.NoError(t, step.do(), step.name)
		require.Equal(t, step.want, announced, step.name)
		require.Equal(t, f.Requests.Total(), announced, step.name)
		require.Equal(t, f.Requests.Counts(), ended, step.name)
	}
}
