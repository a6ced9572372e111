package source

import "time"

// State is how Sources stand at one time, for who watches over them.
type State struct {
	// Budgets are those of the sites that have a limit.
	Budgets []Budget
	// Barred counts the Sources whose provider does not answer, by the kind of their store.
	Barred map[string]int
}

// Budget is what is left of a site's.
type Budget struct {
	// Site is the host.
	Site string
	// Polls and Callers are how many requests of each half may be sent at once; below zero where more were sent than the
	// half has.
	Polls, Callers float64
	// Paused is set where the provider asked for a rest that is not over.
	Paused bool
}

// State tells how the Sources stand.
func (s *Sources) State() State {
	now := time.Now()
	state := State{Barred: map[string]int{}}
	for _, at := range s.sites {
		if at.live != nil {
			state.Budgets = append(state.Budgets, at.budget(now))
		}
	}
	for _, src := range s.all() {
		if src.Barred() != nil {
			state.Barred[src.store.Kind]++
		}
	}
	return state
}

func (s *site) budget(now time.Time) Budget {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Budget{Site: s.name, Polls: s.poll.TokensAt(now), Callers: s.live.TokensAt(now), Paused: s.paused.After(now)}
}
