package source

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxPause bounds how long a provider can ask to be left alone, so that a senseless Retry-After ends without a restart.
const maxPause = 10 * time.Minute

// site is the budget that all Sources of one host share. Half of what the host allows is for polling, half for everything
// that a caller waits for; neither half takes from the other.
type site struct {
	// live and poll are nil where the host has no known limit.
	live, poll *rate.Limiter

	mu     sync.Mutex
	paused time.Time
}

func newSite(perMinute int) *site {
	if perMinute <= 0 {
		return &site{}
	}
	half := float64(perMinute) / 2
	return &site{live: bucket(half, half/2), poll: bucket(half, half/6)}
}

// bucket lets at most perMinute pass in any minute, burst of them at once.
func bucket(perMinute, burst float64) *rate.Limiter {
	n := max(1, int(burst))
	return rate.NewLimiter(rate.Limit(max(perMinute-float64(n), 1)/60), n)
}

// takeLive tells whether a caller may cause a request now.
func (s *site) takeLive(now time.Time) bool {
	return s.live == nil || s.live.AllowN(now, 1)
}

// take tells whether a request of a kind may be made now.
func (s *site) take(k kind, now time.Time) bool {
	if k == poll {
		return s.takePoll(now) == 0
	}
	return s.takeLive(now)
}

// takePoll tells how long a poll has to wait for its turn; it has taken it where that is 0.
func (s *site) takePoll(now time.Time) time.Duration {
	if s.poll == nil {
		return 0
	}
	r := s.poll.ReserveN(now, 1)
	delay := r.DelayFrom(now)
	if delay > 0 {
		r.CancelAt(now)
	}
	return delay
}

// reserveLive takes a turn and tells how long to wait for it.
func (s *site) reserveLive(now time.Time) time.Duration {
	if s.live == nil {
		return 0
	}
	return s.live.ReserveN(now, 1).DelayFrom(now)
}

// pause leaves the site alone for a while, as it asked for.
func (s *site) pause(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until.After(s.paused) {
		s.paused = until
	}
}

func (s *site) pausedUntil() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paused
}
