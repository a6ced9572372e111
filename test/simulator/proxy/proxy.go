// Package proxy is a forward proxy that leads the public names of providers to
// simulators on loopback. A server that is told of it by HTTP_PROXY and
// HTTPS_PROXY, as it would be behind the egress proxy of a company, takes stores
// as they are written, with the addresses of production in them.
package proxy

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"
)

// dialTimeout bounds the connection to a simulator on this machine.
const dialTimeout = 5 * time.Second

// Server is a forward proxy that knows the hosts of its routes and refuses all
// others.
type Server struct {
	routes map[string]string
	http   *http.Server
	plain  *httputil.ReverseProxy
	done   chan struct{}
	url    string

	mu      sync.Mutex
	closed  bool
	tunnels map[net.Conn]struct{}
	copies  sync.WaitGroup
}

// New returns a proxy of routes, which map a host with its port
// ("eu.infisical.com:443") to the address that stands for it
// ("127.0.0.1:40123").
func New(routes map[string]string) *Server {
	s := &Server{routes: routes, done: make(chan struct{}), tunnels: map[net.Conn]struct{}{}}
	s.http = &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: dialTimeout}
	s.plain = &httputil.ReverseProxy{
		// Everything of the request but its destination stays: the Host too.
		Rewrite:   func(*httputil.ProxyRequest) {},
		Transport: &http.Transport{DialContext: s.dial},
		ErrorLog:  s.http.ErrorLog,
	}
	return s
}

// Start listens on a free port of loopback.
func (s *Server) Start() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the proxy: %w", err)
	}
	s.url = "http://" + listener.Addr().String()
	go func() {
		defer close(s.done)
		s.http.Serve(listener) //nolint:errcheck // It ends with Close, and with nothing else.
	}()
	return nil
}

// URL is where the proxy listens since Start.
func (s *Server) URL() string { return s.url }

// Environment is what tells a process of the proxy, in the form of os.Environ.
// caFile, unless it is empty, names the certificates that the process trusts in
// place of the system's.
func (s *Server) Environment(caFile string) []string {
	environment := []string{
		"HTTP_PROXY=" + s.url, "HTTPS_PROXY=" + s.url,
		"NO_PROXY=127.0.0.1,localhost",
	}
	if caFile != "" {
		environment = append(environment, "SSL_CERT_FILE="+caFile)
	}
	return environment
}

// Close cuts all connections and waits for what the proxy was doing. It is called
// once, after Start.
func (s *Server) Close() {
	s.http.Close()
	<-s.done
	s.mu.Lock()
	s.closed = true
	for conn := range s.tunnels {
		conn.Close()
	}
	s.mu.Unlock()
	s.copies.Wait()
	s.plain.Transport.(*http.Transport).CloseIdleConnections()
}

// ServeHTTP implements http.Handler: CONNECT makes a tunnel, a request in absolute
// form is passed on.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		s.tunnel(w, r)
	case r.URL.Host == "":
		http.Error(w, "this is a proxy: it wants a request in absolute form", http.StatusBadRequest)
	case r.URL.Scheme != "http":
		http.Error(w, "only http is passed on; use CONNECT for https", http.StatusBadRequest)
	case s.routes[withPort(r.URL.Host)] == "":
		refuse(w, r.URL.Host)
	default:
		s.plain.ServeHTTP(w, r)
	}
}

func refuse(w http.ResponseWriter, host string) {
	http.Error(w, fmt.Sprintf("the proxy has no route to %q", host), http.StatusForbidden)
}

// withPort adds the port of plain HTTP to a host that names none.
func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(host, "80")
}

// dial connects to what stands for an address.
func (s *Server) dial(ctx context.Context, network, address string) (net.Conn, error) {
	to, ok := s.routes[address]
	if !ok {
		return nil, fmt.Errorf("no route to %q", address)
	}
	return (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, to)
}

// tunnel answers CONNECT and copies both ways until one side ends.
func (s *Server) tunnel(w http.ResponseWriter, r *http.Request) {
	if s.routes[r.Host] == "" {
		refuse(w, r.Host)
		return
	}
	to, err := s.dial(r.Context(), "tcp", r.Host)
	if err != nil {
		http.Error(w, "what stands for the host does not answer", http.StatusBadGateway)
		return
	}
	from, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		to.Close()
		return
	}
	if !s.hold(from, to) {
		return
	}
	go func() {
		defer s.copies.Done()
		defer s.drop(from, to)
		join(from, to, buffered)
	}()
}

// join says that the tunnel stands and copies until both ends are closed.
// buffered reads what the client sends.
func join(client, server net.Conn, buffered io.Reader) {
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		pass(server, buffered)
	}()
	pass(client, server)
	<-sent
}

// pass copies until one side ends or fails, and closes to: that ends the copy in
// the other direction.
func pass(to net.Conn, from io.Reader) {
	io.Copy(to, from) //nolint:errcheck // However it ended, the tunnel has ended.
	to.Close()
}

// hold registers connections for Close, or closes them when it came first.
func (s *Server) hold(conns ...net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range conns {
		if s.closed {
			conn.Close()
			continue
		}
		s.tunnels[conn] = struct{}{}
	}
	if s.closed {
		return false
	}
	s.copies.Add(1)
	return true
}

func (s *Server) drop(conns ...net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range conns {
		conn.Close()
		delete(s.tunnels, conn)
	}
}
