package materializer

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
)

func named(namespace, name string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: name}
}

// drain takes everything out of a queue, as "namespace/name".
func drain(q *queue) []string {
	q.shutDown()
	var all []string
	for {
		key, _, ok := q.get()
		if !ok {
			return all
		}
		all = append(all, key.String())
		q.done(key)
	}
}

func TestQueueOrder(t *testing.T) {
	q := newQueue()
	q.add(named("a", "due"), fallenDue, 0)
	q.add(named("a", "change-1"), changed, 0)
	q.add(named("a", "change-2"), changed, 0)
	q.add(named("a", "change-3"), changed, 0)
	q.add(named("b", "change"), changed, 0)
	q.add(named("a", "new"), firstAttempt, 0)
	q.add(named("c", "moved up"), fallenDue, 0)
	q.add(named("c", "moved up"), firstAttempt, 0)
	q.add(named("a", "change-1"), fallenDue, 0)
	require.Equal(t, map[string]int{"first": 2, "changed": 4, "due": 1}, q.order.count())
	require.Equal(t, []string{"a/new", "c/moved up", "a/change-1", "b/change", "a/change-2", "a/change-3", "a/due"}, drain(q))
}

func TestQueueLetsNoClassStarve(t *testing.T) {
	q := newQueue()
	q.add(named("a", "due"), fallenDue, 0)
	for range patience + 1 {
		q.add(named("b", "new"), firstAttempt, 0)
		key, _, ok := q.get()
		require.True(t, ok)
		if key == named("a", "due") {
			return
		}
		q.done(key)
	}
	t.Fatal("what fell due was passed over again and again")
}

func TestQueueGathersHints(t *testing.T) {
	q := newQueue()
	key := named("a", "x")
	q.add(key, changed, stirred)
	q.add(key, changed, touched)
	_, h, _ := q.get()
	require.Equal(t, stirred|touched, h)

	q.add(key, firstAttempt, mended)
	require.Zero(t, q.work.Len(), "a worker has it")
	q.done(key)
	_, h, _ = q.get()
	require.Equal(t, mended, h)
}

func TestScheduleFiresOnceAtTheLastTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		fired := map[string][]time.Duration{}
		s := newSchedule(func(key string) { fired[key] = append(fired[key], time.Since(began)) })
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { s.run(ctx) })
		after(time.Second)
		s.set("later", began.Add(5*time.Second))
		s.set("later", began.Add(9*time.Second))
		s.set("sooner", began.Add(time.Hour))
		s.set("sooner", began.Add(3*time.Second))
		s.set("dropped", began.Add(4*time.Second))
		s.set("dropped", time.Time{})
		s.set("past", began)
		s.set("never", time.Time{})
		after(2 * time.Hour)
		cancel()
		running.Wait()
		require.Equal(t, map[string][]time.Duration{
			"later": {9 * time.Second}, "sooner": {3 * time.Second}, "past": {time.Second},
		}, fired)
	})
}

func TestScheduleKeepsOrder(t *testing.T) {
	s := newSchedule(func(int) {})
	random := rand.New(rand.NewPCG(1, 2))
	now := time.Now()
	want := map[int]time.Duration{}
	for range 5000 {
		key, d := random.IntN(500), time.Duration(random.IntN(1000))
		if d%7 == 0 {
			s.set(key, time.Time{})
			delete(want, key)
			continue
		}
		s.set(key, now.Add(d))
		want[key] = d
	}
	due := s.due(now.Add(1000))
	require.Len(t, due, len(want))
	for i := 1; i < len(due); i++ {
		require.LessOrEqual(t, want[due[i-1]], want[due[i]])
	}
}

func TestBackoff(t *testing.T) {
	var b backoff
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300} {
		got := b.next(0)
		require.LessOrEqual(t, got, want*time.Second)
		require.Greater(t, got, want*time.Second*8/10)
	}
	b.reset()
	asked := b.next(time.Minute)
	require.GreaterOrEqual(t, asked, time.Minute, "what the provider asks for")
	require.LessOrEqual(t, asked, 66*time.Second, "and no more than a little later")
	require.Equal(t, longestBackoff, b.next(24*time.Hour), "within reason")
}

func TestRepairsArePaced(t *testing.T) {
	var r repairs
	now := time.Now()
	var waits []time.Duration
	for range 8 {
		at := r.allowedAt(now)
		waits = append(waits, at.Sub(now))
		now = at
		r.note(now)
	}
	require.Equal(t, []time.Duration{0, 0, 0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}, waits)
	require.Zero(t, r.allowedAt(now.Add(repairMemory+time.Second)).Sub(now.Add(repairMemory+time.Second)))
}
