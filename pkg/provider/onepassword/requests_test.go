package onepassword_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// Each request is announced under the context of the call that sends it, so that budgets know what a call costs.
func TestEachRequestIsAnnounced(t *testing.T) {
	sim, _ := one(t, connect.Behaviour{})
	sim.AddVault("private")
	s := seen(t, sim, "pitower")
	last, err := s.answer(t, key("app", ""))
	require.NoError(t, err)
	scope := s.ListScopes()[0]
	announced := 0
	ended := map[string]int{}
	ctx := provider.WithRequests(t.Context(), func(route string) func(int) {
		announced++
		return func(status int) {
			require.NotZero(t, status, route)
			ended[route]++
		}
	})
	revalidate := func(thorough bool) func() error {
		return func() error {
			_, err := s.Revalidate(ctx, scope, s.pictures[scope], thorough)
			return err
		}
	}
	for _, step := range []struct {
		name  string
		do    func() error
		least int
	}{
		{"unchanged", revalidate(false), 1},
		{"thorough", revalidate(true), 2},
		{"forbidden at first", func() error {
			sim.Faults.Add(harness.JSON(403, `{"status":403,"message":"no"}`).For(2))
			return revalidate(true)()
		}, 4},
		{"load", func() error {
			for at := range s.parts {
				_, err := s.Load(ctx, at.Scope, s.pictures[at.Scope], at.ID)
				return err
			}
			return nil
		}, 1},
		{"check", func() error { return s.Check(ctx) }, 1},
		{"confirm", func() error {
			sim.DeleteItem("pitower", "app")
			return s.Confirm(ctx, key("app", ""), &last)
		}, 4},
	} {
		announced = 0
		clear(ended)
		sim.Requests.Reset()
		require.NoError(t, step.do(), step.name)
		require.Equal(t, sim.Requests.Total(), announced, step.name)
		require.Equal(t, sim.Requests.Counts(), ended, step.name)
		require.GreaterOrEqual(t, announced, step.least, step.name)
	}
}
