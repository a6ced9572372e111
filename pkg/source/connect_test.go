package source_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// An idle poll of three vaults is one request, and of one vault as well.
func TestIdlePollsOfConnect(t *testing.T) {
	for name, c := range map[string]struct {
		vaults []string
		route  string
	}{
		"one vault":    {vaults: []string{"a"}, route: connect.RouteVault},
		"three vaults": {vaults: []string{"a", "b", "c"}, route: connect.RouteVaults},
	} {
		t.Run(name, func(t *testing.T) {
			sim := connect.New(connect.Options{})
			sim.Start()
			t.Cleanup(sim.Close)
			for _, title := range c.vaults {
				sim.AddVault(title).AddItem(connect.Item{Title: "in " + title, Fields: []connect.Field{connect.Concealed("password", "1")}})
			}
			sources := sourcesOf(t, source.Config{PollInterval: 500 * time.Millisecond})
			src := ofConnect(t, sources, sim, c.vaults...)
			needs := []provider.Need{valueNeed("in a", "")}
			require.NoError(t, src.Inputs(t.Context(), needs, time.Now()).Result(needs[0]).Err)
			sim.Requests.Reset()

			src.Want("owner", "team", needs)
			sources.Lead(true)
			require.NoError(t, sim.Requests.Wait(t.Context(), c.route, 4))
			counts := sim.Requests.Counts()
			delete(counts, c.route)
			require.Empty(t, counts, "polls ask nothing else")

			sim.SetField("a", "in a", "password", "2")
			require.NoError(t, sim.Requests.Wait(t.Context(), connect.RouteItems, 1))
			require.Eventually(t, func() bool {
				return string(src.Inputs(t.Context(), needs, time.Time{}).Result(needs[0]).Answer.Value.Bytes()) == "2"
			},
				10*time.Second, time.Millisecond)
			require.Equal(t, 1, sim.Requests.Count(connect.RouteItem))
		})
	}
}

// A thousand items that each take longer than a caller's time can bear are each read once: what a caller had no time for
// is there for the next.
func TestColdVaultOfConnectFillsUpAcrossDeadlines(t *testing.T) {
	const items = 1000
	sim := connect.New(connect.Options{})
	sim.Start()
	t.Cleanup(sim.Close)
	vault := sim.AddVault("a")
	var needs []provider.Need
	for i := range items {
		title := fmt.Sprint("item ", i)
		vault.AddItem(connect.Item{Title: title, Fields: []connect.Field{connect.Concealed("password", title)}})
		needs = append(needs, valueNeed(title, ""))
	}
	sim.Faults.Add(harness.Slow(5 * time.Millisecond).On(connect.RouteItem))
	src := ofConnect(t, sourcesOf(t, source.Config{}), sim, "a")

	began, late := time.Now(), 0
	for missing := items; missing > 0; {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		in := src.Inputs(ctx, needs, began)
		cancel()
		missing = 0
		for _, n := range needs {
			if r := in.Result(n); r.Err != nil {
				require.Equal(t, provider.Unavailable, provider.ReasonOf(r.Err))
				missing++
			} else {
				require.Equal(t, n.Key, string(r.Answer.Value.Bytes()))
			}
		}
		if missing > 0 {
			late++
		}
	}
	require.Positive(t, late, "no caller ran out of time")
	require.Empty(t, cmp.Diff(map[string]int{connect.RouteVaults: 1, connect.RouteItems: 1, connect.RouteItem: items}, sim.Requests.Counts()))
	require.LessOrEqual(t, sim.Requests.Peak(), 8)
}
