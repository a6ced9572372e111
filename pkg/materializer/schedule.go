package materializer

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// schedule calls fire for each key at the time that was last set for it.
type schedule[K comparable] struct {
	fire func(K)

	mu      sync.Mutex
	entries map[K]*entry[K]
	heap    entries[K]
	wake    chan struct{}
}

type entry[K comparable] struct {
	key   K
	at    time.Time
	index int
}

func newSchedule[K comparable](fire func(K)) *schedule[K] {
	return &schedule[K]{fire: fire, entries: map[K]*entry[K]{}, wake: make(chan struct{}, 1)}
}

// set replaces the time of a key; the zero time drops it.
func (s *schedule[K]) set(key K, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[key]
	switch {
	case e == nil && at.IsZero():
		return
	case e == nil:
		e = &entry[K]{key: key, at: at}
		s.entries[key] = e
		heap.Push(&s.heap, e)
	case at.IsZero():
		heap.Remove(&s.heap, e.index)
		delete(s.entries, key)
	default:
		e.at = at
		heap.Fix(&s.heap, e.index)
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run fires until ctx ends.
func (s *schedule[K]) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		for _, key := range s.due(time.Now()) {
			s.fire(key)
		}
		if next, ok := s.next(); ok {
			timer.Reset(time.Until(next))
		} else {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.wake:
		}
	}
}

// due takes the keys whose time has come.
func (s *schedule[K]) due(now time.Time) []K {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []K
	for len(s.heap) > 0 && !s.heap[0].at.After(now) {
		e := heap.Pop(&s.heap).(*entry[K])
		delete(s.entries, e.key)
		due = append(due, e.key)
	}
	return due
}

func (s *schedule[K]) next() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.heap) == 0 {
		return time.Time{}, false
	}
	return s.heap[0].at, true
}

// entries is a heap whose first entry is due first.
type entries[K comparable] []*entry[K]

func (e entries[K]) Len() int           { return len(e) }
func (e entries[K]) Less(i, j int) bool { return e[i].at.Before(e[j].at) }

func (e entries[K]) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].index, e[j].index = i, j
}

// Push is heap's.
func (e *entries[K]) Push(x any) {
	added := x.(*entry[K])
	added.index = len(*e)
	*e = append(*e, added)
}

// Pop is heap's.
func (e *entries[K]) Pop() any {
	last := len(*e) - 1
	removed := (*e)[last]
	(*e)[last] = nil
	*e = (*e)[:last]
	return removed
}
