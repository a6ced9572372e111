// Package pulse tells a process that works from one that is stuck. A loop says when it has something in hand and when it is
// done with it; whatever it may have to wait for in between, a host or a store that does not answer, has a limit far below the
// one here. So what is in hand for longer is stuck, and only a new process helps.
//
// What waits for a provider is never in hand: no provider can make this process look stuck.
package pulse

import (
	"fmt"
	"sync"
	"time"
)

// Limit is how long a loop may have one thing in hand. Several requests of which each is given up after a minute fit in.
const Limit = 5 * time.Minute

// Pulse holds what is in hand. It is safe for concurrent use. A nil Pulse takes no note of anything.
type Pulse struct {
	mu    sync.Mutex
	turns map[*turn]struct{}
	// lost are loops that have ended and ought not to have.
	lost map[string]struct{}
}

// turn is something that a loop has in hand.
type turn struct {
	loop  string
	since time.Time
}

// New makes a Pulse with nothing in hand.
func New() *Pulse {
	return &Pulse{turns: map[*turn]struct{}{}, lost: map[string]struct{}{}}
}

// Begin says that a loop has something in hand until end is called.
func (p *Pulse) Begin(loop string) (end func()) {
	if p == nil {
		return func() {}
	}
	t := &turn{loop, time.Now()}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turns[t] = struct{}{}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.turns, t)
	}
}

// Lose says that a loop has ended though the process goes on. There is no way back.
func (p *Pulse) Lose(loop string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost[loop] = struct{}{}
}

// Check is an error that names a loop which is stuck or lost.
func (p *Pulse) Check() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for loop := range p.lost {
		return fmt.Errorf("%s has ended", loop)
	}
	now := time.Now()
	for t := range p.turns {
		if now.Sub(t.since) > Limit {
			return fmt.Errorf("%s has been stuck since %s", t.loop, t.since.UTC().Format(time.RFC3339))
		}
	}
	return nil
}
