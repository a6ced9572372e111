package source

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// widest is the longest that a scope waited between two polls, after a first round.
func (s *stamps) widest(what string, since time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var widest time.Duration
	last := since
	for _, at := range s.at[what] {
		if at.After(since) {
			widest = max(widest, at.Sub(last))
			last = at
		}
	}
	return max(widest, time.Since(last))
}

// A namespace with many folders waits for itself: another one's are polled as if they were alone, and so is what both use.
func TestNamespacesTakeTurns(t *testing.T) {
	for name, shared := range map[string]bool{"in one store": true, "in stores of their own": false} {
		t.Run(name, func(t *testing.T) {
			run(t, limited(120), func(t *testing.T, f *fixture) {
				var other *Source
				if shared {
					f.clusterStore()
					other = f.src
				} else {
					store := theStore
					store.UID, store.Namespace = "uid-2", "modest"
					var err error
					other, err = f.sources.Get(store, token("one"))
					require.NoError(t, err)
				}
				asked := f.stamped(nil)
				f.sources.Lead(true)
				for i, key := range f.fill("greedy", 100, true) {
					f.src.Want(uid(i), "greedy", needs(key))
				}
				other.Want(uid(1000), "modest", needs(f.fill("modest", 1, true)...))
				if shared {
					f.src.Want(uid(1001), "modest", needs("a/x"))
					f.src.Want(uid(1002), "greedy", needs("a/x"))
				}
				time.Sleep(4 * time.Minute)
				warm := time.Now()
				time.Sleep(6 * time.Minute)

				require.LessOrEqual(t, asked.most(), 60)
				require.LessOrEqual(t, asked.widest("modest0", warm), 13*time.Second)
				if shared {
					require.LessOrEqual(t, asked.widest("a", warm), 25*time.Second)
				}
				for i := range 100 {
					require.LessOrEqual(t, asked.widest(fmt.Sprint("greedy", i), warm), 5*time.Minute)
				}
			})
		})
	}
}

// After a rest scopes do not come back all at once.
func TestPollsComeBackSpread(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		f.wantVaults(50)
		time.Sleep(time.Minute)
		var rested atomic.Bool
		asked := f.stamped(func(Operation, string) error {
			if !rested.Load() {
				return throttled(time.Minute)
			}
			return nil
		})
		time.Sleep(10 * time.Second)
		rested.Store(true)
		asked.mu.Lock()
		asked.all = nil
		asked.mu.Unlock()
		time.Sleep(time.Minute)
		times := map[time.Time]int{}
		asked.mu.Lock()
		defer asked.mu.Unlock()
		first := asked.all[:50]
		for _, at := range first {
			times[at]++
		}
		require.GreaterOrEqual(t, len(times), 5)
		require.LessOrEqual(t, first[49].Sub(first[0]), 2*time.Second)
	})
}
