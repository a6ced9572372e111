package source

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Operators see why reads are not answered by the provider, and who is.
func TestWhoIsSentAwayIsCounted(t *testing.T) {
	for why, c := range map[Away]struct {
		configure func(*backend, *Config)
		do        func(t *testing.T, f *fixture)
	}{
		Crowded: {func(_ *backend, c *Config) { c.Limits.SourceWaiting = 1 }, func(_ *testing.T, f *fixture) {
			f.delay = time.Second
			var readers sync.WaitGroup
			for range 2 {
				readers.Go(func() { f.get("a/x") })
			}
			readers.Wait()
		}},
		NoBudget: {limited(2), func(_ *testing.T, f *fixture) { f.get("a/x"); f.get("b/z") }},
		NoShare: {limited(4), func(t *testing.T, f *fixture) {
			for _, key := range []string{"a/x", "b/z"} {
				f.src.InputsFor(t.Context(), Reader{User: "alice"}, needs(key), time.Now())
			}
		}},
		Paused: {nil, func(_ *testing.T, f *fixture) {
			f.failing(Revalidate, 1, throttled(time.Minute))
			f.get("a/x")
			f.get("b/z")
		}},
		Barred: {nil, func(_ *testing.T, f *fixture) {
			f.failing(Revalidate, 1, provider.Errorf(provider.Unauthenticated, "no"))
			f.get("a/x")
			f.get("b/z")
		}},
		NoTime: {nil, func(t *testing.T, f *fixture) {
			f.delay = time.Second
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			f.src.Inputs(ctx, needs("a/x"), time.Now())
		}},
	} {
		t.Run(string(why), func(t *testing.T) {
			m := &meter{requests: map[string]int{}}
			configure := func(b *backend, cfg *Config) {
				cfg.Metrics = m
				if c.configure != nil {
					c.configure(b, cfg)
				}
			}
			run(t, configure, func(t *testing.T, f *fixture) {
				f.src.Held(needs("a/x"))
				c.do(t, f)
				m.mu.Lock()
				defer m.mu.Unlock()
				require.Equal(t, map[Away]int{why: 1}, m.away)
			})
			calls := 0
			for _, n := range m.requests {
				calls += n
			}
			require.Equal(t, calls, m.sent, "of one request each")
			require.Equal(t, m.sent, m.answered)
		})
	}
}

func TestState(t *testing.T) {
	run(t, limited(120), func(t *testing.T, f *fixture) {
		at := func() (Budget, []StoreState) {
			state := f.sources.State()
			for _, b := range state.Budgets {
				if b.Site == f.host {
					return b, state.Stores
				}
			}
			t.Fatal(fmt.Sprint("no budget of ", f.host))
			return Budget{}, nil
		}
		seen := StoreState{Kind: theStore.Kind, Namespace: theStore.Namespace, Name: theStore.Name, Provider: f.src.client.name}
		budget, stores := at()
		require.Equal(t, Budget{Site: f.host, Polls: 10, Callers: 30}, budget)
		require.Equal(t, []StoreState{seen}, stores)
		f.requests = func(Operation, string) int { return 40 }
		f.get("a/x")
		budget, _ = at()
		require.Equal(t, Budget{Site: f.host, Polls: 10, Callers: -10}, budget)

		f.requests = nil
		time.Sleep(time.Minute)
		f.failing(Revalidate, 1, throttled(time.Minute))
		f.get("a/x")
		budget, stores = at()
		require.True(t, budget.Paused)
		require.Equal(t, []StoreState{seen}, stores)
		time.Sleep(time.Minute)
		f.failing(Revalidate, 1, provider.Errorf(provider.Unauthenticated, "no"))
		f.get("a/x")
		budget, stores = at()
		require.False(t, budget.Paused)
		seen.Barred = true
		require.Equal(t, []StoreState{seen}, stores)
		f.sources.Forget(theStore.UID)
		_, stores = at()
		require.Empty(t, stores)
	})
}

// The age of what is kept for ExternalSecrets is that of the oldest picture, and is told where somebody wants it kept.
func TestStateTellsTheAgeOfPictures(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		at := func() StoreState {
			stores := f.sources.State().Stores
			require.Len(t, stores, 1)
			return stores[0]
		}
		f.sources.Lead(true)
		f.get("a/x")
		require.False(t, at().Kept, "nobody wants it kept")
		f.src.Want(uid(1), "team", needs("a/x"))
		time.Sleep(time.Second)
		require.True(t, at().Kept)
		require.Equal(t, time.Second, at().Age)
		time.Sleep(time.Minute)
		require.LessOrEqual(t, at().Age, 11*time.Second, "it is polled")
		f.failing(Revalidate, 1000, provider.Errorf(provider.Unavailable, "no"))
		time.Sleep(time.Minute)
		require.Greater(t, at().Age, time.Minute-time.Second, "it fails")
		f.sources.Lead(false)
		require.False(t, at().Kept, "another replica keeps it")
	})
}
