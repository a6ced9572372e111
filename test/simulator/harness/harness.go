// Package harness is what the simulators of providers share: serving on
// loopback, the log of requests, injected faults, gates and a settable clock.
// A simulator embeds a Harness, registers its routes on it, and so gets all of
// these for every route alike.
package harness

import (
	"context"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"time"
)

// Unmatched is the route under which requests are logged that no route of the
// service matches.
const Unmatched = "unmatched"

// Harness serves the routes of a simulator. Every request is, in this order:
// logged, delayed, held by gates, hit by a fault, and answered by its route.
type Harness struct {
	// Requests is the log of all requests since the start or the last Reset.
	Requests *Log
	// Faults are what is wrong with the service at the moment.
	Faults *Faults

	mux      *http.ServeMux
	notFound http.HandlerFunc
	gates    gates
	delay    atomic.Int64
	handlers tracker
	server   server
}

// New returns a Harness without routes; notFound answers requests that match
// none.
func New(notFound http.HandlerFunc) *Harness {
	return &Harness{
		Requests: newLog(),
		Faults:   &Faults{},
		mux:      http.NewServeMux(),
		notFound: notFound,
	}
}

// Handle registers a route. The pattern, as net/http's ServeMux takes it, is
// the name under which its requests are logged, held and hit by faults, for
// example "GET /v1/vaults/{vault}/items".
func (h *Harness) Handle(pattern string, handler http.HandlerFunc) {
	h.mux.HandleFunc(pattern, handler)
}

// SetDelay makes every request wait for d before anything else happens to it.
func (h *Harness) SetDelay(d time.Duration) { h.delay.Store(int64(d)) }

// ServeHTTP implements http.Handler. Like any handler of net/http it panics
// with http.ErrAbortHandler to cut a connection.
func (h *Harness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.handlers.begin()
	defer h.handlers.end()

	route, handler := h.match(r)
	entry := h.Requests.begin(route, r)
	sw := &statusWriter{ResponseWriter: w}
	defer func() { h.Requests.end(entry, sw.status) }()

	Sleep(r.Context(), time.Duration(h.delay.Load()))
	h.gates.pass(r.Context(), route)
	if injected := h.Faults.take(route, r); injected != nil {
		injected.serve(sw, r, handler)
		return
	}
	handler.ServeHTTP(sw, r)
}

// match finds the route. A path that ServeMux would redirect to a cleaned form
// is unmatched: the services answer it with 404.
func (h *Harness) match(r *http.Request) (string, http.Handler) {
	escaped := r.URL.EscapedPath()
	if path.Clean(escaped) != strings.TrimSuffix(escaped, "/") && escaped != "/" {
		return Unmatched, h.notFound
	}
	if _, pattern := h.mux.Handler(r); pattern != "" {
		return pattern, h.mux
	}
	return Unmatched, h.notFound
}

// Sleep waits for d; when the request ends before that, it cuts the connection.
func Sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}
