package source

import (
	"time"

	"golang.org/x/time/rate"
)

// shares are what users have left of a site's budget for callers. A user who is not in the table has all of a share, so
// the table holds no more users than callers took tokens in the last two minutes. It is guarded by site.mu.
type shares struct {
	perMinute float64
	users     map[string]*rate.Limiter
	swept     time.Time
}

func newShares(perMinute float64) shares {
	return shares{perMinute: perMinute, users: map[string]*rate.Limiter{}}
}

// of is a user's share; nil where there is no bound: for this server itself, and without a known limit.
func (s *shares) of(user string, now time.Time) *rate.Limiter {
	if user == "" || s.users == nil {
		return nil
	}
	if share := s.users[user]; share != nil {
		return share
	}
	s.sweep(now)
	return bucket(s.perMinute, s.perMinute/2)
}

// keep remembers a share that something was taken of.
func (s *shares) keep(user string, share *rate.Limiter) {
	if share != nil {
		s.users[user] = share
	}
}

// charge counts a request that is made whatever the share says.
func (s *shares) charge(user string, now time.Time) {
	if share := s.of(user, now); share != nil {
		share.ReserveN(now, 1)
		s.users[user] = share
	}
}

// sweep forgets, once a minute, who has a whole share again.
func (s *shares) sweep(now time.Time) {
	if now.Sub(s.swept) < time.Minute {
		return
	}
	s.swept = now
	for user, share := range s.users {
		if share.TokensAt(now) >= float64(share.Burst()) {
			delete(s.users, user)
		}
	}
}
