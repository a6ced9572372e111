package connect

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

func (s *Server) heartbeat(*http.Request) (any, error) {
	return &raw{header: map[string]string{"Content-Type": "text/plain; charset=utf-8"}, body: []byte(".")}, nil
}

type dependency struct {
	Service string `json:"service"`
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// health needs no token. The sync service waits for the first token that is
// good; one that comes with this request counts.
func (s *Server) health(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.authenticate(r) //nolint:errcheck // Health is told to everybody.
	sync := dependency{Service: "sync", Status: "TOKEN_NEEDED"}
	if s.unlocked && !s.behaviour.NeverSynced {
		sync.Status = "ACTIVE"
	}
	return map[string]any{
		"name":    "1Password Connect API",
		"version": s.release(),
		"dependencies": []dependency{
			{Service: "sqlite", Status: "ACTIVE", Message: "Connected to ~/1password.sqlite"},
			sync,
		},
	}, nil
}

func (s *Server) metrics(*http.Request) (any, error) {
	counts := s.Requests.Counts()
	var text bytes.Buffer
	text.WriteString("# HELP simulator_requests_total Requests by route.\n# TYPE simulator_requests_total counter\n")
	for _, route := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&text, "simulator_requests_total{route=%q} %d\n", route, counts[route])
	}
	return &raw{header: map[string]string{"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}, body: text.Bytes()}, nil
}
