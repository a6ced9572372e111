package source

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// follower wants things, and asks for them again only when it is told that they changed, or got an error.
type follower struct {
	owner types.UID
	told  chan struct{}

	mu     sync.Mutex
	wanted []provider.Need
	saw    map[provider.Need]string
}

// TestModelTellsWhoeverSawAnotherAnswer has followers among everything else that goes on, and holds what each of them saw
// last against what there is when the provider has come to rest.
func TestModelTellsWhoeverSawAnotherAnswer(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			configure := func(b *backend, c *Config) {
				b.parts, b.plain = seed%2 == 0, true
				c.Limits = Limits{SourceWaiting: 20, Revalidations: 3, Polls: 2}
			}
			run(t, configure, func(t *testing.T, f *fixture) {
				m := &model{fixture: f, plain: true}
				m.current.Store(&generation{src: f.src})
				f.slow = func(view provider.View) {
					// Reads and changes come in between.
					if _, isSift := view.(*glance); isSift {
						time.Sleep(time.Duration(rand.Int64N(int64(100 * time.Millisecond))))
					}
				}
				followers := map[types.UID]*follower{}
				for i := range 20 {
					owner := types.UID(fmt.Sprint("follower-", i))
					followers[owner] = &follower{owner: owner, told: make(chan struct{}, 1)}
				}
				var told atomic.Int64
				f.sources.Subscribe(func(c Change) {
					for _, owner := range c.Owners {
						if w := followers[owner]; w != nil {
							told.Add(1)
							signal(w.told)
						}
					}
				})
				var following sync.WaitGroup
				ctx, stop := context.WithCancel(t.Context())
				for _, w := range followers {
					r := rand.New(rand.NewPCG(seed, 300+uint64(len(w.owner))))
					following.Go(func() { m.follow(ctx, w, r) })
				}
				for storm := range uint64(10) {
					m.storm(seed*100 + storm)
					for _, w := range followers {
						m.compare(w)
					}
				}
				stop()
				following.Wait()
				require.Greater(t, told.Load(), int64(100))
			})
		})
	}
}

// storm has everything happen for a while, and then lets it come to rest.
func (m *model) storm(seed uint64) {
	m.ends = time.Now().Add(10 * time.Second)
	m.moods(seed)
	for i := range 20 {
		m.actor(seed, i, m.reader)
	}
	m.actor(seed, 100, m.owner)
	for i := range 5 {
		m.actor(seed, 101+i, m.change)
	}
	if seed%3 == 0 {
		m.actor(seed, 200, m.rotate)
	}
	m.actor(seed, 201, m.lead)
	m.actors.Wait()
	m.set(func() { m.fail, m.hang = nil, nil })
	m.sources.Lead(true)
	time.Sleep(time.Minute)
}

func (m *model) change(r *rand.Rand) {
	m.set(func() {
		vault, item := []string{"a", "b"}[r.IntN(2)], []string{"x", "y", "z", "w", "none"}[r.IntN(5)]
		switch {
		case r.IntN(4) == 0:
			delete(m.vaults[vault], item)
		default:
			// A few versions alone, so that things change back.
			m.vaults[vault][item] = 1 + r.IntN(3)
		}
	})
}

// follow does what the materializer does: it wants, asks, and waits until it is told.
func (m *model) follow(ctx context.Context, w *follower, r *rand.Rand) {
	w.mu.Lock()
	w.wanted, w.saw = m.pick(r), map[provider.Need]string{}
	w.mu.Unlock()
	for ctx.Err() == nil {
		src := m.current.Load().src
		src.Want(w.owner, "team", w.wanted)
		within, cancel := context.WithTimeout(ctx, time.Duration(r.Int64N(int64(5*time.Second)))+1)
		in := src.Inputs(within, w.wanted, time.Time{})
		cancel()
		again := false
		w.mu.Lock()
		for _, n := range w.wanted {
			result := in.Result(n)
			w.saw[n] = shownBy(result)
			// That a part is not there is tried again, as any failure is; that a picture does not name one is an answer.
			again = again || result.Err != nil && (m.parts || provider.ReasonOf(result.Err) != provider.NotFound)
		}
		w.mu.Unlock()
		var retry <-chan time.Time
		if again {
			retry = time.After(5 * time.Second)
		}
		select {
		case <-ctx.Done():
		case <-w.told:
		case <-retry:
		}
	}
}

func shownBy(r provider.Result) string {
	if r.Err != nil {
		return string(provider.ReasonOf(r.Err))
	}
	return string(r.Answer.Value.Bytes())
}

func (m *model) compare(w *follower) {
	synctest.Wait()
	in := m.current.Load().src.Inputs(m.Context(), w.wanted, time.Now())
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.wanted {
		if r := in.Result(n); r.Err != nil && provider.ReasonOf(r.Err) != provider.NotFound {
			// A scope that fails keeps the last answer.
			continue
		}
		require.Equal(m.T, shownBy(in.Result(n)), w.saw[n], "%s of %s", n.Key, w.owner)
	}
}
