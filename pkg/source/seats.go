package source

import "sync"

// seats are for calls of Inputs that wait. One user may have half of all, so that somebody whose own stores hang keeps
// nobody else from waiting.
type seats struct {
	mu    sync.Mutex
	taken int
	// users are those who have some.
	users map[string]int
}

// take takes a seat where there is one for the user; this server itself, without a name, may have all.
func (s *seats) take(user string, all int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken >= all || user != "" && s.users[user] >= max(1, all/2) {
		return false
	}
	s.taken++
	if user != "" {
		s.users[user]++
	}
	return true
}

func (s *seats) give(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	if user == "" {
		return
	}
	if s.users[user]--; s.users[user] == 0 {
		delete(s.users, user)
	}
}

// takeSeat lets a caller wait, unless too many do. The caller gives the seat back.
func (src *Source) takeSeat(user string) bool {
	limits := src.sources.cfg.Limits
	if src.waiting.Add(1) > int64(limits.SourceWaiting) {
		src.waiting.Add(-1)
		return false
	}
	if !src.sources.seats.take(user, limits.TotalWaiting) {
		src.waiting.Add(-1)
		return false
	}
	return true
}

func (src *Source) giveSeat(user string) {
	src.waiting.Add(-1)
	src.sources.seats.give(user)
}
