package source

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxPause bounds how long a provider can ask to be left alone, so that a senseless Retry-After ends without a restart.
const maxPause = 10 * time.Minute

// kind is whom a call of a provider is for.
type kind int

const (
	live kind = iota
	poll
)

// payer is whose budget the requests of a call are taken from.
type payer struct {
	kind kind
	// user is who caused a live call; empty for this server itself.
	user string
}

// site is the budget that all Sources of one host share. Half of what the host allows is for polling, half for everything
// that a caller waits for; neither half takes from the other. A call takes a token before it begins. The requests that it
// makes beyond the first are debts, which later calls wait for: nothing that has begun is broken off, and what a minute
// can have too much is what the calls under way make beyond their first requests.
type site struct {
	// name is the host as metrics show it; empty where the host has no known limit.
	name string
	// live and poll are nil where the host has no known limit.
	live, poll *rate.Limiter

	mu     sync.Mutex
	paused time.Time
	shares shares
}

func newSite(name string, perMinute int) *site {
	if perMinute <= 0 {
		return &site{}
	}
	half := float64(perMinute) / 2
	return &site{name: name, live: bucket(half, half/2), poll: bucket(half, half/6), shares: newShares(half / 2)}
}

// bucket lets at most perMinute pass in any minute, burst of them at once.
func bucket(perMinute, burst float64) *rate.Limiter {
	n := max(1, int(burst))
	return rate.NewLimiter(rate.Limit(min(perMinute, max(perMinute-float64(n), 1))/60), n)
}

// siteName is what a host is called in budgets. Infisical Cloud's two names for the United States lead to one limit.
func siteName(host string) string {
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	if name == "app.infisical.com" {
		return "us.infisical.com"
	}
	return name
}

// take takes a token, or tells why a call may not begin now.
func (s *site) take(p payer, now time.Time) error {
	if p.kind == poll {
		if wait := s.takePoll(now); wait > 0 {
			return errNoBudget(wait)
		}
		return nil
	}
	return s.takeLive(p.user, now)
}

// takeLive tells why a caller may cause no call now; nil where it may and has taken the token.
func (s *site) takeLive(user string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused.After(now) {
		return errPaused(s.paused.Sub(now))
	}
	if s.live == nil {
		return nil
	}
	share := s.shares.of(user, now)
	taken, wait := tryTake(share, now)
	if wait > 0 {
		return errNoShare(wait)
	}
	if _, wait := tryTake(s.live, now); wait > 0 {
		if taken != nil {
			taken.CancelAt(now)
		}
		return errNoBudget(wait)
	}
	s.shares.keep(user, share)
	return nil
}

// takeShare takes a token of a user's share alone, for what waits for the site's token later.
func (s *site) takeShare(user string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	share := s.shares.of(user, now)
	if _, wait := tryTake(share, now); wait > 0 {
		return errNoShare(wait)
	}
	s.shares.keep(user, share)
	return nil
}

// takePoll tells how long a poll has to wait for its turn; it has taken it where that is 0.
func (s *site) takePoll(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused.After(now) {
		return s.paused.Sub(now)
	}
	_, wait := tryTake(s.poll, now)
	return wait
}

// tryTake takes a token, or tells when there is one. Without a limiter nothing has to wait.
func tryTake(l *rate.Limiter, now time.Time) (taken *rate.Reservation, wait time.Duration) {
	if l == nil {
		return nil, 0
	}
	r := l.ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return nil, wait
	}
	return r, 0
}

// reserveLive takes a turn and tells how long to wait for it.
func (s *site) reserveLive(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		return 0
	}
	return s.live.ReserveN(now, 1).DelayFrom(now)
}

// charge counts a request that is made whatever the budget says.
func (s *site) charge(p payer, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.live == nil:
	case p.kind == poll:
		s.poll.ReserveN(now, 1)
	default:
		s.live.ReserveN(now, 1)
		s.shares.charge(p.user, now)
	}
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
