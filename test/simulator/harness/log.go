package harness

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// maxEntries bounds the entries that a Log keeps; its counters are not bounded.
const maxEntries = 4096

// Entry is one request. Status is 0 while the request is being answered, and
// stays 0 when its connection was cut without an answer.
type Entry struct {
	Time   time.Time
	Route  string
	Method string
	Path   string
	Query  url.Values
	Header http.Header
	Status int
}

// Log counts requests by route as they arrive and keeps the last 4096 of them.
// It is safe for concurrent use.
type Log struct {
	mu       sync.Mutex
	counts   map[string]int
	total    int
	entries  []*Entry
	inFlight int
	peak     int
	changed  chan struct{}
}

func newLog() *Log {
	return &Log{counts: map[string]int{}, changed: make(chan struct{})}
}

func (l *Log) begin(route string, r *http.Request) *Entry {
	entry := &Entry{
		Time:   time.Now(),
		Route:  route,
		Method: r.Method,
		Path:   r.URL.EscapedPath(),
		Query:  r.URL.Query(),
		Header: r.Header.Clone(),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[route]++
	l.total++
	l.inFlight++
	l.peak = max(l.peak, l.inFlight)
	if len(l.entries) == maxEntries {
		l.entries = append(l.entries[:0:0], l.entries[maxEntries/2:]...)
	}
	l.entries = append(l.entries, entry)
	close(l.changed)
	l.changed = make(chan struct{})
	return entry
}

func (l *Log) end(entry *Entry, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.Status = status
	l.inFlight--
}

// Count returns how many requests of a route have arrived.
func (l *Log) Count(route string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[route]
}

// Total returns how many requests have arrived.
func (l *Log) Total() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}

// Counts returns a copy of the counters by route.
func (l *Log) Counts() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts)
}

// Peak returns the most requests that were in flight at once.
func (l *Log) Peak() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peak
}

// Entries returns copies of the last requests, oldest first.
func (l *Log) Entries() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Entry, 0, len(l.entries))
	for _, entry := range l.entries {
		out = append(out, *entry)
	}
	return out
}

// Reset sets all counters to zero and forgets the entries.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.counts)
	l.total = 0
	l.entries = nil
	l.peak = l.inFlight
}

// Wait returns when n requests of a route have arrived, or with the error of
// ctx. An empty route counts all requests.
func (l *Log) Wait(ctx context.Context, route string, n int) error {
	for {
		l.mu.Lock()
		count, changed := l.counts[route], l.changed
		if route == "" {
			count = l.total
		}
		l.mu.Unlock()
		if count >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
