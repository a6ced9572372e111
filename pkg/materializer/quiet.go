package materializer

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// quietTime is how long nothing further of what an ExternalSecret needs must change before it is materialized: who
	// changes several values wants one new Secret.
	quietTime = 2 * time.Second
	// longestQuiet bounds the wait of one whose values change all the time.
	longestQuiet = 10 * time.Second
)

// quiet gathers the changes that concern ExternalSecrets.
type quiet struct {
	schedule *schedule[types.NamespacedName]

	mu    sync.Mutex
	first map[types.NamespacedName]time.Time
}

// newQuiet makes a quiet that calls settled for an ExternalSecret some time after something of it changed.
func newQuiet(settled func(types.NamespacedName)) *quiet {
	q := &quiet{first: map[types.NamespacedName]time.Time{}}
	q.schedule = newSchedule(func(key types.NamespacedName) {
		q.mu.Lock()
		delete(q.first, key)
		q.mu.Unlock()
		settled(key)
	})
	return q
}

func (q *quiet) note(key types.NamespacedName) {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	first, ok := q.first[key]
	if !ok {
		first = now
		q.first[key] = now
	}
	q.schedule.set(key, soonest(now.Add(quietTime), first.Add(longestQuiet)))
}

func (q *quiet) run(ctx context.Context) { q.schedule.run(ctx) }
