package source

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// meter is Metrics that remember.
type meter struct {
	mu                   sync.Mutex
	requests             map[string]int
	saved, views         int
	sent, answered       int
	away                 map[Away]int
	bytes                int64
	oldest, longestTaken time.Duration
}

func (m *meter) RequestDone(name string, op Operation, reason provider.Reason, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[strings.Join([]string{name, string(op), string(reason)}, " ")]++
	m.longestTaken = max(m.longestTaken, took)
}

func (m *meter) RequestSent(_ string, _ Operation) { m.mu.Lock(); defer m.mu.Unlock(); m.sent++ }
func (m *meter) RequestAnswered(_, route string, status int, _ time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if route == theRoute && status == http.StatusOK {
		m.answered++
	}
}

func (m *meter) SentAway(_ string, why Away) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away == nil {
		m.away = map[Away]int{}
	}
	m.away[why]++
}

func (m *meter) RevalidationSaved(string) { m.mu.Lock(); defer m.mu.Unlock(); m.saved++ }
func (m *meter) Held(bytes int64)         { m.mu.Lock(); defer m.mu.Unlock(); m.bytes = bytes }
func (m *meter) ViewAge(_ string, age time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.views++
	m.oldest = max(m.oldest, age)
}

func TestMetrics(t *testing.T) {
	m := &meter{requests: map[string]int{}}
	metered := func(b *backend, c *Config) { b.parts = true; c.Metrics = m }
	run(t, metered, func(t *testing.T, f *fixture) {
		f.delay = time.Second
		var readers sync.WaitGroup
		for range 5 {
			readers.Go(func() { f.get("a/x") })
		}
		readers.Wait()
		f.set(func() {
			f.fail = func(Operation, string) error { return provider.Errorf(provider.Forbidden, "no") }
		})
		f.get("b/z")
		m.mu.Lock()
		defer m.mu.Unlock()
		require.Equal(t, map[string]int{"fake revalidate ": 1, "fake load ": 1, "fake revalidate Forbidden": 1}, m.requests)
		require.Equal(t, 4, m.saved)
		require.Equal(t, 5, m.views)
		require.Equal(t, 2*time.Second, m.oldest)
		require.Equal(t, time.Second, m.longestTaken)
		require.EqualValues(t, 20, m.bytes)
	})
}

func TestLogSaysWhatChangedOnce(t *testing.T) {
	var out bytes.Buffer
	logged := func(_ *backend, c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	run(t, logged, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a/x"))
		f.get("a/x")
		f.set(func() {
			f.fail = func(Operation, string) error { return provider.Errorf(provider.Unavailable, "status 503") }
		})
		time.Sleep(time.Hour)
		f.set(func() { f.fail = nil })
		time.Sleep(time.Hour)
		f.set(func() { f.boom = true })
		f.get("a/x")
	})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 4, out.String())
	require.Contains(t, lines[0], `msg="Scope is not readable" store=SecretStore/team/vault scope=a reason=Unavailable message="status 503"`)
	require.Contains(t, lines[1], `msg="Scope is readable again" store=SecretStore/team/vault scope=a`)
	require.Contains(t, lines[2], `msg="Provider panicked: this is a bug"`)
	require.Contains(t, lines[3], `msg="Scope is not readable"`)
	for _, secret := range []string{"secret value", "x@1"} {
		require.NotContains(t, out.String(), secret)
	}
}
