package source

import "time"

// State is how Sources stand at one time, for who watches over them.
type State struct {
	// Budgets are those of the sites that have a limit.
	Budgets []Budget
	// Stores are those that are in use.
	Stores []StoreState
}

// StoreState is how one store stands.
type StoreState struct {
	// Kind is SecretStore or ClusterSecretStore; the latter has no Namespace.
	Kind, Namespace, Name string
	// Provider is the provider's name.
	Provider string
	// Barred is set while the provider does not answer, or refuses the credential: nobody waits for it then.
	Barred bool
	// Age is how old the oldest picture is that somebody wants kept up to date. Kept is false where nobody does, as in a
	// replica that does not write Secrets, and where none was ever seen.
	Age  time.Duration
	Kept bool
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
	var state State
	for _, at := range s.sites {
		if at.live != nil {
			state.Budgets = append(state.Budgets, at.budget(now))
		}
	}
	for _, src := range s.all() {
		state.Stores = append(state.Stores, src.state(now))
	}
	return state
}

func (src *Source) state(now time.Time) StoreState {
	leads := src.sources.lead.Load()
	state := StoreState{Kind: src.store.Kind, Namespace: src.store.Namespace, Name: src.store.Name, Provider: src.client.name}
	src.mu.Lock()
	defer src.mu.Unlock()
	state.Barred = src.breaker.cause != nil
	for _, sc := range src.scopes {
		if leads && sc.wants > 0 && sc.picture != nil {
			state.Age, state.Kept = max(state.Age, now.Sub(sc.began)), true
		}
	}
	return state
}

func (s *site) budget(now time.Time) Budget {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Budget{Site: s.name, Polls: s.poll.TokensAt(now), Callers: s.live.TokensAt(now), Paused: s.paused.After(now)}
}
