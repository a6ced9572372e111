package infisical

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"
)

// RateLimits are requests per minute and client address, by class.
type RateLimits struct {
	Read   int
	Write  int
	Secret int
}

// FreePlan are the limits of the cloud's free plan.
var FreePlan = RateLimits{Read: 200, Write: 90, Secret: 120}

// class is a class of requests that are limited together.
type class string

const (
	reads       class = "read"
	writes      class = "write"
	secretReads class = "secret"
)

const windowLength = time.Minute

// window counts the requests of one class and address.
type window struct {
	began time.Time
	used  int
}

// limited applies the limit of a class before anything else is looked at.
func (s *Server) limited(c class, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		limit, used, reset := s.count(c, r)
		if limit == 0 {
			next(w, r)
			return
		}
		seconds := strconv.Itoa(reset)
		w.Header().Set("X-Ratelimit-Limit", strconv.Itoa(limit))
		w.Header().Set("X-Ratelimit-Remaining", strconv.Itoa(max(limit-used, 0)))
		w.Header().Set("X-Ratelimit-Reset", seconds)
		if used <= limit {
			next(w, r)
			return
		}
		w.Header().Set("Retry-After", seconds)
		s.fail(w, r, &failure{
			Status:  http.StatusTooManyRequests,
			Name:    "RateLimitExceeded",
			Message: fmt.Sprintf("Rate limit exceeded. Please try again in %d seconds", reset),
		})
	}
}

// count counts a request and returns its limit, 0 without one, how much of it
// is used, and the seconds until the window ends.
func (s *Server) count(c class, r *http.Request) (limit, used, reset int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limits := s.behaviour.RateLimits
	if limits == nil {
		return 0, 0, 0
	}
	limit = map[class]int{reads: limits.Read, writes: limits.Write, secretReads: limits.Secret}[c]
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	key, now := string(c)+" "+host, s.clock()
	current := s.windows[key]
	if current == nil || now.Sub(current.began) >= windowLength {
		current = &window{began: now}
		s.windows[key] = current
	}
	current.used++
	return limit, current.used, int(math.Ceil((windowLength - now.Sub(current.began)).Seconds()))
}
