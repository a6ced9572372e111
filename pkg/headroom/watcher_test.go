package headroom

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// member is a Member whose file is as the test says. Compacting frees the history, defragmenting what is free.
type member struct {
	mu              sync.Mutex
	usage           Usage
	history         int64
	unanswered      error
	broken          error // of everything but Usage
	did             []string
	isDefragUseless bool
}

func (m *member) Usage(context.Context) (Usage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.usage, m.unanswered
}

func (m *member) do(what string, effect func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.did = append(m.did, what)
	if m.broken == nil {
		effect()
	}
	return m.broken
}

func (m *member) Compact(context.Context, int64) error {
	return m.do("compact", func() { m.usage.InUse, m.history = m.usage.InUse-m.history, 0 })
}

func (m *member) Defragment(context.Context) error {
	return m.do("defragment", func() {
		if !m.isDefragUseless {
			m.usage.Size = m.usage.InUse
		}
	})
}

func (m *member) Disarm(context.Context) error {
	return m.do("disarm", func() { m.usage.Full = false })
}

func (m *member) Close() { _ = m.do("close", func() {}) }

// change changes the member, and done is what was done to it since.
func (m *member) change(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

func (m *member) done() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer func() { m.did = nil }()
	return strings.Join(m.did, " ")
}

// watch runs a Watcher in a bubble. stop ends it and returns its log.
func watch(t *testing.T, m *member, tends bool) (w *Watcher, stop func() string) {
	t.Helper()
	var log bytes.Buffer
	w = NewWatcher(m, tends, slog.New(slog.NewTextHandler(&log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	return w, func() string { cancel(); <-done; return log.String() }
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func full(inUse, history int64) *member {
	return &member{usage: Usage{Name: "embedded", Size: 100 * mib, InUse: inUse, Quota: 100 * mib, Full: true, Revision: 7}, history: history}
}

func TestRoomIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := full(100*mib, 60*mib)
		w, stop := watch(t, m, true)
		pass(5 * time.Second)
		require.Equal(t, "compact defragment disarm", m.done())
		pass(interval)
		require.Equal(t, Usage{Name: "embedded", Size: 40 * mib, InUse: 40 * mib, Quota: 100 * mib, Revision: 7}, *w.Usage())
		pass(time.Hour)
		require.Empty(t, m.done(), "what has room is let be")
		log := stop()
		require.Equal(t, 1, strings.Count(log, "has reached its quota"))
		require.Equal(t, 1, strings.Count(log, "has room again"))
		require.Equal(t, "close", m.done())
	})
}

// Where what is stored fills the quota nothing helps but that somebody deletes, or raises the quota: nothing is tried, and
// nothing is said twice, until something changes.
func TestAFullStoreIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := full(95*mib, 0)
		_, stop := watch(t, m, true)
		pass(time.Hour)
		require.Equal(t, "compact", m.done())
		m.change(func() { m.usage.Revision, m.history = 8, 60*mib }) // somebody deletes
		pass(30 * time.Second)
		require.Equal(t, "compact defragment disarm", m.done())
		log := stop()
		require.Equal(t, 1, strings.Count(log, "delete objects, or raise --etcd-quota-bytes"))
	})
}

// After a restart with a larger quota there is nothing to be done but to take the alarm back.
func TestALargerQuotaDisarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := full(95*mib, 0)
		m.usage.Quota = 200 * mib
		_, stop := watch(t, m, true)
		pass(30 * time.Second)
		require.Equal(t, "compact disarm", m.done())
		stop()
	})
}

// What fails is tried again, at leisure.
func TestMakingRoomIsNoHotLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := full(100*mib, 60*mib)
		m.broken = errors.New("no space left on device")
		_, stop := watch(t, m, true)
		pass(time.Minute)
		require.LessOrEqual(t, strings.Count(m.done(), "compact"), 7)
		m.change(func() { m.broken, m.isDefragUseless = nil, true })
		pass(10 * time.Minute)
		require.InDelta(t, 30, strings.Count(m.done(), "defragment"), 10, "every twenty seconds or so")
		log := stop()
		require.Equal(t, 1, strings.Count(log, "work=compact"))
	})
}

func TestAWastefulFileIsWrittenAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &member{usage: Usage{Size: 200 * mib, InUse: 40 * mib, Quota: 2048 * mib}}
		_, stop := watch(t, m, true)
		pass(time.Minute)
		require.Equal(t, "defragment", m.done())
		m.change(func() { m.usage.Size = 200 * mib })
		pass(50 * time.Minute)
		require.Empty(t, m.done())
		pass(15 * time.Minute)
		require.Equal(t, "defragment", m.done())
		require.Contains(t, stop(), "was defragmented")
	})
}

func TestTheQuotaIsWarnedOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &member{usage: Usage{Name: "https://one:2379", Size: 85 * mib, InUse: 85 * mib, Quota: 100 * mib}}
		_, stop := watch(t, m, true)
		pass(time.Hour)
		m.change(func() { m.usage.Size = 50 * mib })
		pass(time.Minute)
		m.change(func() { m.usage.Size = 85 * mib })
		pass(time.Minute)
		log := stop()
		require.Equal(t, 2, strings.Count(log, "comes near its quota"), "once each time")
		require.Contains(t, log, "https://one:2379")
	})
}

// An etcd that belongs to somebody else is looked at and not touched.
func TestAnExternalEtcdIsLetBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := full(100*mib, 60*mib)
		w, stop := watch(t, m, false)
		pass(time.Hour)
		require.Empty(t, m.done())
		require.True(t, w.Usage().Full)
		m.change(func() { m.unanswered = errors.New("connection refused") })
		pass(time.Minute)
		require.Nil(t, w.Usage(), "what is not known is not shown")
		log := stop()
		require.Equal(t, 1, strings.Count(log, "has reached its quota"))
		require.Equal(t, 1, strings.Count(log, "It is not known how full etcd is"))
	})
}
