package harness

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
)

// server is the listening side of a Harness.
type server struct {
	mu      sync.Mutex
	http    *http.Server
	cancel  context.CancelFunc
	done    chan struct{}
	address string
	tls     *tls.Config
	ca      []byte
}

// Start serves plain HTTP on a free loopback port and returns the base
// address, for example "http://127.0.0.1:40123". It panics when it cannot.
func (h *Harness) Start() string {
	if err := h.Listen("127.0.0.1:0"); err != nil {
		panic(err)
	}
	return h.URL()
}

// StartTLS is Start over TLS, with a certificate of a CA of its own; see CA. The
// certificate is for loopback and for names, by which a proxy may lead here.
func (h *Harness) StartTLS(names ...string) string {
	config, ca, err := newTLS(names)
	if err != nil {
		panic(err)
	}
	h.server.mu.Lock()
	h.server.tls, h.server.ca = config, ca
	h.server.mu.Unlock()
	return h.Start()
}

// CA returns the certificate in PEM of the CA that signed the server's
// certificate, nil before StartTLS.
func (h *Harness) CA() []byte {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	return h.server.ca
}

// URL returns the base address, without a slash at its end. It stays the same
// after Stop.
func (h *Harness) URL() string {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	scheme := "http"
	if h.server.tls != nil {
		scheme = "https"
	}
	return scheme + "://" + h.server.address
}

// Listen serves on a TCP address, such as "127.0.0.1:8080".
func (h *Harness) Listen(address string) error {
	s := &h.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return errors.New("the simulator is listening already")
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", address, err)
	}
	s.address = listener.Addr().String()
	if s.tls != nil {
		listener = tls.NewListener(listener, s.tls)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.done = make(chan struct{})
	s.http = &http.Server{
		Handler:     h,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    log.New(io.Discard, "", 0),
	}
	go func(server *http.Server, done chan struct{}) {
		defer close(done)
		server.Serve(listener) //nolint:errcheck // It ends with Stop, and with nothing else.
	}(s.http, s.done)
	return nil
}

// Stop ends the service as if its machine had gone: connections are cut, new
// ones are refused. Data, log and faults stay. It waits for the handlers.
func (h *Harness) Stop() {
	s := &h.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http == nil {
		return
	}
	s.cancel()
	s.http.Close()
	<-s.done
	h.handlers.wait()
	s.http = nil
}

// Restart serves again on the address that was served before Stop.
func (h *Harness) Restart() error {
	h.server.mu.Lock()
	address := h.server.address
	h.server.mu.Unlock()
	return h.Listen(address)
}

// Close is Stop, under the name that tests expect for a clean-up.
func (h *Harness) Close() { h.Stop() }

// tracker counts running handlers. A sync.WaitGroup will not do: requests may
// begin while somebody waits.
type tracker struct {
	mu      sync.Mutex
	running int
	idle    chan struct{}
}

func (t *tracker) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running == 0 {
		t.idle = make(chan struct{})
	}
	t.running++
}

func (t *tracker) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	if t.running == 0 {
		close(t.idle)
	}
}

func (t *tracker) wait() {
	t.mu.Lock()
	running, idle := t.running, t.idle
	t.mu.Unlock()
	if running > 0 {
		<-idle
	}
}
