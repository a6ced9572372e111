package harness

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Kind says what a fault does to a request.
type Kind string

const (
	// Pass answers as the service would: of use with Delay.
	Pass Kind = ""
	// Answer sends Status, Header and Body instead of the service's answer.
	Answer Kind = "answer"
	// Hang sends nothing until the fault is released or removed, or the client
	// leaves; a released request is then answered by the service.
	Hang Kind = "hang"
	// Trickle sends the service's answer in pieces of Chunk bytes, one each Interval.
	Trickle Kind = "trickle"
	// Truncate sends the service's status, a Content-Length longer than its
	// body, half of the body, and closes the connection.
	Truncate Kind = "truncate"
	// Reset resets the TCP connection without an answer. A client on net/http
	// repeats a GET by itself when the connection had been used before.
	Reset Kind = "reset"
	// Close answers as the service would and announces the connection's end.
	Close Kind = "close"
	// Drop answers as the service would, offers to keep the connection, and closes it.
	Drop Kind = "drop"
	// Huge sends a JSON array that holds one string of Size bytes.
	Huge Kind = "huge"
)

// Fault describes what goes wrong, where, and how often.
type Fault struct {
	// Route is the route that is hit; empty means all of them.
	Route string
	// Match narrows the fault to some requests of the route; nil means all.
	Match func(*http.Request) bool
	// Times is the number of requests that are hit; 0 means all until Remove.
	Times int
	Kind  Kind
	// Delay passes before anything is sent, whatever the Kind.
	Delay time.Duration
	// Status is 200 when 0.
	Status int
	// Header is sent with Answer. An empty value suppresses a header that net/http would add.
	Header map[string]string
	Body   string
	// Size is the number of bytes that Huge sends.
	Size int64
	// Chunk is 1 byte, and Interval 10 ms, when 0.
	Chunk    int
	Interval time.Duration
}

// On returns the fault limited to a route.
func (f Fault) On(route string) Fault {
	f.Route = route
	return f
}

// For returns the fault limited to the next n requests.
func (f Fault) For(n int) Fault {
	f.Times = n
	return f
}

// Injected is a fault at work.
type Injected struct {
	fault    Fault
	set      *Faults
	hits     int
	gone     bool
	released chan struct{}
}

// Faults is the set of faults at work. It is safe for concurrent use.
type Faults struct {
	mu     sync.Mutex
	active []*Injected
}

// Add puts a fault to work. Of several faults that match a request, the one
// that was added first hits it.
func (s *Faults) Add(fault Fault) *Injected {
	injected := &Injected{fault: fault, set: s, released: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = append(s.active, injected)
	return injected
}

// Clear removes all faults; requests that hang because of one are answered.
func (s *Faults) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, injected := range s.active {
		injected.release()
	}
	s.active = nil
}

// take returns the fault that hits the request, and counts the hit.
func (s *Faults) take(route string, r *http.Request) *Injected {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, injected := range s.active {
		fault := injected.fault
		spent := fault.Times > 0 && injected.hits == fault.Times
		if spent || fault.Route != "" && fault.Route != route || fault.Match != nil && !fault.Match(r) {
			continue
		}
		injected.hits++
		return injected
	}
	return nil
}

// Hits returns how many requests were hit.
func (i *Injected) Hits() int {
	i.set.mu.Lock()
	defer i.set.mu.Unlock()
	return i.hits
}

// Remove ends the fault; requests that hang because of it are answered.
func (i *Injected) Remove() {
	i.set.mu.Lock()
	defer i.set.mu.Unlock()
	i.set.active = slices.DeleteFunc(i.set.active, func(other *Injected) bool { return other == i })
	i.release()
}

func (i *Injected) release() {
	if !i.gone {
		i.gone = true
		close(i.released)
	}
}
