package onepassword_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// survey polls all scopes as a Source does, and tells which of them it said something of.
func (s *store) survey(t *testing.T, thorough bool) (seen []bool) {
	t.Helper()
	var asked []provider.Asked
	for _, scope := range s.ListScopes() {
		asked = append(asked, provider.Asked{Scope: scope, Held: s.pictures[scope], Thorough: thorough})
	}
	sights, err := s.Client.(provider.Surveyor).Survey(t.Context(), asked)
	require.NoError(t, err)
	for i, sight := range sights {
		seen = append(seen, !sight.Blind())
		if sight.Rest != nil {
			s.pictures[asked[i].Scope], err = sight.Rest(t.Context())
			require.NoError(t, err)
		}
	}
	return seen
}

func three(t *testing.T, behaviour connect.Behaviour) (*connect.Server, *store) {
	t.Helper()
	sim := start(t, behaviour)
	for _, title := range []string{"one", "two", "three"} {
		sim.AddVault(title).AddItem(connect.Item{Title: "in " + title, Fields: []connect.Field{connect.Concealed("password", title)}})
	}
	s := newStore(dial(t, sim, "one", "two", "three"))
	return sim, s
}

func TestSurveyIsOneRequestForAllVaults(t *testing.T) {
	sim, s := three(t, connect.Behaviour{})
	all := []bool{true, true, true}
	require.Equal(t, all, s.survey(t, false))
	requests(t, sim, map[string]int{vaults: 1, items: 3})
	before := s.pictures[provider.Scope{Name: "two"}]

	require.Equal(t, all, s.survey(t, false))
	requests(t, sim, map[string]int{vaults: 1})

	sim.SetField("two", "in two", "password", "2")
	require.Equal(t, all, s.survey(t, false))
	requests(t, sim, map[string]int{vaults: 1, items: 1})
	require.NotSame(t, before, s.pictures[provider.Scope{Name: "two"}])
	got, err := s.answer(t, key("in two", ""))
	require.NoError(t, err)
	require.Equal(t, "2", string(got.Value.Bytes()))
	requests(t, sim, map[string]int{item: 1})

	require.Equal(t, all, s.survey(t, true))
	requests(t, sim, map[string]int{vaults: 1, items: 3})

	// What a survey found out, a single poll knows.
	s.poll(t, false)
	requests(t, sim, map[string]int{vault: 3})
}

func TestSurveyLeavesWhatItDoesNotSee(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour connect.Behaviour
		change    func(sim *connect.Server)
		want      []bool
	}{
		"rows lack contentVersion": {behaviour: connect.Behaviour{VaultRows: connect.RowsBrief}, want: []bool{false, false, false}},
		"rows have 0":              {behaviour: connect.Behaviour{VaultRows: connect.RowsZero}, want: []bool{false, false, false}},
		"a vault is gone":          {change: func(sim *connect.Server) { sim.DeleteVault("two") }, want: []bool{true, false, true}},
		"two of one title":         {change: func(sim *connect.Server) { sim.AddVault("three") }, want: []bool{true, true, false}},
		"another of the same title": {change: func(sim *connect.Server) {
			sim.DeleteVault("one")
			sim.AddVault("one")
		}, want: []bool{false, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			sim, s := three(t, c.behaviour)
			s.poll(t, false)
			sim.Requests.Reset()
			if c.change != nil {
				c.change(sim)
			}
			require.Equal(t, c.want, s.survey(t, false))
			requests(t, sim, map[string]int{vaults: 1})
		})
	}
}

// A counter that went back is that of a replica that lags: what is held is newer.
func TestSurveyOfALaggingReplica(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	v, w := sim.AddVault("one"), sim.AddVault("two")
	sim.AddItem("one", connect.Item{Title: "app"})
	sim.AddItem("one", connect.Item{Title: "other"})
	s := seen(t, sim, "one", "two")
	before := s.pictures[provider.Scope{Name: "one"}]
	sim.Requests.Reset()
	lag(t, sim, vaults, `[{"id":"`+v.ID+`","name":"one","contentVersion":1,"items":1},{"id":"`+w.ID+`","name":"two","contentVersion":9,"items":0}]`)
	require.Equal(t, []bool{true, true}, s.survey(t, false))
	require.Same(t, before, s.pictures[provider.Scope{Name: "one"}])
	requests(t, sim, map[string]int{vaults: 1, items: 1})

	lag(t, sim, vaults, `[]`)
	require.Equal(t, []bool{false, false}, s.survey(t, false), "an empty list proves nothing")
}

func TestSurveyThatIsRefused(t *testing.T) {
	sim, s := three(t, connect.Behaviour{})
	s.poll(t, false)
	for status, reason := range map[int]provider.Reason{
		http.StatusUnauthorized: provider.Unauthenticated, http.StatusServiceUnavailable: provider.Unavailable,
		http.StatusTooManyRequests: provider.RateLimited,
	} {
		sim.Faults.Add(harness.JSON(status, `{}`).On(vaults).For(1))
		_, err := s.Client.(provider.Surveyor).Survey(t.Context(), nil)
		requireReason(t, reason, err)
	}
}
