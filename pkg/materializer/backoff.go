package materializer

import (
	"math/rand/v2"
	"time"
)

const (
	shortestBackoff = time.Second
	longestBackoff  = 5 * time.Minute
)

// backoff says how long to wait after failures in a row.
type backoff struct{ failures int }

// next is the wait after one more failure: at least least, which is what a provider asked for.
func (b *backoff) next(least time.Duration) time.Duration {
	wait := longestBackoff
	if b.failures < 9 {
		wait = min(longestBackoff, shortestBackoff<<b.failures)
	}
	b.failures++
	return min(max(jittered(wait), delayed(least)), longestBackoff)
}

func (b *backoff) reset() { b.failures = 0 }

// jittered is a little less than d, so that what begins together does not stay together.
func jittered(d time.Duration) time.Duration {
	if spread := int64(d / 10); spread > 0 {
		return d - time.Duration(rand.Int64N(spread))
	}
	return d
}

// delayed is a little more than d, for what must not come earlier.
func delayed(d time.Duration) time.Duration {
	if spread := int64(d / 10); spread > 0 {
		return d + time.Duration(rand.Int64N(spread))
	}
	return d
}

const (
	// freeRepairs is how many repairs of one Secret in a row are made at once; the later ones wait longer and longer, so
	// that two controllers that want different things do not keep each other busy.
	freeRepairs = 3
	// repairMemory is how long a repair counts.
	repairMemory = 10 * time.Minute
)

// repairs paces the repairs of one Secret.
type repairs struct {
	made int
	last time.Time
}

// allowedAt is when the next repair may be made.
func (r *repairs) allowedAt(now time.Time) time.Time {
	if r.made > 0 && now.Sub(r.last) > repairMemory {
		r.made = 0
	}
	if r.made < freeRepairs {
		return now
	}
	return r.last.Add(min(longestBackoff, shortestBackoff<<min(r.made-freeRepairs, 9)))
}

func (r *repairs) note(now time.Time) {
	r.made++
	r.last = now
}
