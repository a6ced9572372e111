package harness

import (
	"context"
	"net/http"
	"slices"
	"sync"
)

// Gate holds requests of a route: either the first n until all n have arrived,
// or all until Release.
type Gate struct {
	route    string
	n        int
	set      *gates
	arrived  int
	released bool
	open     chan struct{}
	changed  chan struct{}
}

// gates are the gates that are closed at the moment.
type gates struct {
	mu     sync.Mutex
	closed []*Gate
}

// Hold sets up a gate. With n > 0 the first n requests of the route wait until
// all n have arrived, and the gate is gone; with n = 0 every request waits
// until Release. An empty route means every route.
func (h *Harness) Hold(route string, n int) *Gate {
	gate := &Gate{route: route, n: n, set: &h.gates, open: make(chan struct{}), changed: make(chan struct{})}
	h.gates.mu.Lock()
	defer h.gates.mu.Unlock()
	h.gates.closed = append(h.gates.closed, gate)
	return gate
}

// Arrived returns how many requests have come to the gate.
func (g *Gate) Arrived() int {
	g.set.mu.Lock()
	defer g.set.mu.Unlock()
	return g.arrived
}

// Wait returns when n requests have come to the gate, or with the error of ctx.
func (g *Gate) Wait(ctx context.Context, n int) error {
	for {
		g.set.mu.Lock()
		arrived, changed := g.arrived, g.changed
		g.set.mu.Unlock()
		if arrived >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Release lets everything through, now and later.
func (g *Gate) Release() {
	g.set.mu.Lock()
	defer g.set.mu.Unlock()
	g.release()
}

func (g *Gate) release() {
	if g.released {
		return
	}
	g.released = true
	close(g.open)
	g.set.closed = slices.DeleteFunc(g.set.closed, func(other *Gate) bool { return other == g })
}

// pass waits at every closed gate of the route in the order of their setup.
func (s *gates) pass(ctx context.Context, route string) {
	s.mu.Lock()
	var at []*Gate
	for _, gate := range slices.Clone(s.closed) {
		if gate.route == "" || gate.route == route {
			gate.arrive()
			at = append(at, gate)
		}
	}
	s.mu.Unlock()
	for _, gate := range at {
		select {
		case <-gate.open:
		case <-ctx.Done():
			panic(http.ErrAbortHandler)
		}
	}
}

func (g *Gate) arrive() {
	g.arrived++
	close(g.changed)
	g.changed = make(chan struct{})
	if g.n > 0 && g.arrived == g.n {
		g.release()
	}
}
