package source

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// TestModel lets readers, owners, a provider in all its moods, and rotations of the credential loose on one Source, and
// holds every single answer against the promises of the package.
func TestModel(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			configure := func(b *backend, c *Config) {
				b.parts = seed%2 == 0
				b.changedAlways = true
				c.Limits = Limits{SourceWaiting: 20, Revalidations: 3, Polls: 2}
			}
			run(t, configure, func(t *testing.T, f *fixture) {
				m := &model{fixture: f, ends: time.Now().Add(3 * time.Minute)}
				m.current.Store(&generation{src: f.src})
				m.moods(seed)
				for i := range 40 {
					m.actor(seed, i, m.reader)
				}
				for i := range 10 {
					m.actor(seed, 100+i, m.owner)
				}
				m.actor(seed, 200, m.rotate)
				m.actor(seed, 201, m.lead)
				m.actors.Wait()
				f.mu.Lock()
				defer f.mu.Unlock()
				for call, most := range f.most {
					require.Equal(t, 1, most, call)
				}
				require.LessOrEqual(t, f.mostLoads, 8*len(f.clients))
				require.Greater(t, m.fresh.Load(), int64(1000))
				require.Greater(t, m.late.Load(), int64(10))
				require.Greater(t, m.failed.Load(), int64(100))
				require.Greater(t, m.ready.Load(), int64(100))
			})
		})
	}
}

type generation struct {
	src    *Source
	number int
}

type model struct {
	*fixture
	ends    time.Time
	actors  sync.WaitGroup
	current atomic.Pointer[generation]
	// plain is the backend's: its answers do not say when the provider was asked.
	plain bool

	fresh, late, failed, ready atomic.Int64
}

// actor does something again and again until the model ends.
func (m *model) actor(seed uint64, n int, do func(*rand.Rand)) {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	m.actors.Go(func() {
		for time.Now().Before(m.ends) {
			do(r)
			time.Sleep(time.Duration(r.Int64N(int64(2 * time.Second))))
		}
	})
}

// moods makes the provider slow, failing or hanging for some of the time, for some of what it is asked.
func (m *model) moods(seed uint64) {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(seed, 1000))
	chance := func(percent int) bool {
		mu.Lock()
		defer mu.Unlock()
		return r.IntN(100) < percent
	}
	reasons := []provider.Reason{provider.Unavailable, provider.Forbidden, provider.Unauthenticated, provider.NotFound}
	bad := func() bool { return time.Until(m.ends)/(15*time.Second)%2 == 0 }
	m.set(func() {
		m.delay = 300 * time.Millisecond
		m.hang = func(Operation, string) bool { return bad() && chance(10) }
		m.fail = func(op Operation, _ string) error {
			for i, reason := range reasons {
				if bad() && chance(10) && (op == Load || i < 3) {
					return provider.Errorf(reason, "no")
				}
			}
			return nil
		}
	})
}

func (m *model) pick(r *rand.Rand) []provider.Need {
	all := []string{"a/x", "a/y", "b/z", "a|b/z", "b|a/x", "c/w", "a/none"}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return needs(all[:1+r.IntN(4)]...)
}

func (m *model) reader(r *rand.Rand) {
	g := m.current.Load()
	asked := time.Now()
	notBefore := asked.Add(-time.Duration(r.Int64N(int64(6 * time.Second))))
	if r.IntN(2) == 0 {
		notBefore = asked
	}
	wanted := m.pick(r)
	if r.IntN(3) == 0 {
		urgency := Urgency(r.IntN(2))
		ready := make(chan struct{})
		g.src.Prepare(context.Background(), wanted, notBefore, urgency, func() { close(ready) })
		<-ready
		m.ready.Add(1)
		return
	}
	patience := time.Duration(r.Int64N(int64(5*time.Second)) + 1)
	ctx, cancel := context.WithTimeout(m.Context(), patience)
	defer cancel()
	in := g.src.Inputs(ctx, wanted, notBefore)
	if took := time.Since(asked); took > patience {
		m.Errorf("a read with %v left took %v", patience, took)
	}
	for _, n := range wanted {
		m.judge(g, n, in.Result(n), notBefore)
	}
}

func (m *model) judge(g *generation, n provider.Need, result provider.Result, notBefore time.Time) {
	if result.Gone {
		m.Errorf("%s: gone, and nobody asked for that", n.Key)
	}
	if result.Late != (!result.Observed.IsZero() && result.Observed.Before(notBefore)) {
		m.Errorf("%s: observed %v before its bound, late %v", n.Key, notBefore.Sub(result.Observed), result.Late)
	}
	if result.Err != nil {
		m.failed.Add(1)
		return
	}
	if m.plain {
		return
	}
	asked := result.Answer.Updated
	if asked.Before(result.Observed) {
		m.Errorf("%s: the provider was asked %v before the answer says", n.Key, result.Observed.Sub(asked))
	}
	if number, _ := strconv.Atoi(result.Answer.Version); number < g.number {
		m.Errorf("%s: generation %d was read after %d was there", n.Key, number, g.number)
	}
	if result.Late {
		m.late.Add(1)
		return
	}
	m.fresh.Add(1)
	if asked.Before(notBefore) {
		m.Errorf("%s: the provider was asked %v too early and nobody said so", n.Key, notBefore.Sub(asked))
	}
}

func (m *model) owner(r *rand.Rand) {
	g := m.current.Load()
	owner := uid(r.IntN(5))
	switch r.IntN(4) {
	case 0:
		m.sources.Release(owner)
	case 1:
		m.set(func() {
			if r.IntN(2) == 0 {
				m.vaults["c"] = map[string]int{"w": 1}
			} else {
				delete(m.vaults, "c")
			}
			m.vaults["a"]["x"]++
		})
	default:
		g.src.Want(owner, "team", m.pick(r))
	}
	_ = g.src.Check(m.Context())
	_, _ = g.src.Failing()
}

func (m *model) rotate(r *rand.Rand) {
	time.Sleep(time.Duration(r.Int64N(int64(20 * time.Second))))
	number := m.current.Load().number + 1
	src, err := m.sources.Get(theStore, token(fmt.Sprint(number)))
	if err != nil {
		m.Error(err)
		return
	}
	m.current.Store(&generation{src: src, number: number})
}

func (m *model) lead(r *rand.Rand) {
	m.sources.Lead(r.IntN(3) > 0)
	time.Sleep(time.Duration(r.Int64N(int64(10 * time.Second))))
}
