package materializer

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// quietTime is how long a store must show nothing new before what it showed is materialized: who changes several values
	// wants one new Secret.
	quietTime = 2 * time.Second
	// longestQuiet bounds the wait for a store that shows something new all the time.
	longestQuiet = 10 * time.Second
)

// quiet gathers the changes of stores.
type quiet struct {
	schedule *schedule[types.UID]

	mu    sync.Mutex
	first map[types.UID]time.Time
}

// newQuiet makes a quiet that calls settled for a store some time after it changed.
func newQuiet(settled func(store types.UID)) *quiet {
	q := &quiet{first: map[types.UID]time.Time{}}
	q.schedule = newSchedule(func(store types.UID) {
		q.mu.Lock()
		delete(q.first, store)
		q.mu.Unlock()
		settled(store)
	})
	return q
}

func (q *quiet) note(store types.UID) {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	first, ok := q.first[store]
	if !ok {
		first = now
		q.first[store] = now
	}
	q.schedule.set(store, soonest(now.Add(quietTime), first.Add(longestQuiet)))
}

func (q *quiet) run(ctx context.Context) { q.schedule.run(ctx) }
