package infisical

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	defaultPing      = 15 * time.Second
	maxRegistrations = 10
	// streamBuffer is how many events wait for a slow client; more are dropped.
	streamBuffer = 64
)

// Events says how event streams work.
type Events struct {
	// Off is a plan without event streams.
	Off bool
	// Ping is the time between two pings; 15 s when 0.
	Ping time.Duration
	// OldKeys names the key of a changed secret "secretKeys".
	OldKeys bool
	// Globs matches paths as patterns, as older servers do; newer ones match
	// everything that starts with the registered path.
	Globs bool
}

// change is an edit that streams may tell of.
type change struct {
	project     string
	kind        string
	environment string
	path        string
	key         string
}

// stream is one subscriber.
type stream struct {
	project  string
	register []registration
	events   chan change
	end      chan bool // true ends with an error event
}

type registration struct {
	Event      string `json:"event"`
	Conditions *struct {
		EnvironmentSlug string `json:"environmentSlug"`
		SecretPath      string `json:"secretPath"`
	} `json:"conditions"`
}

var eventTypes = []string{"secret:create", "secret:update", "secret:delete", "secret:import-mutation"}

// subscribe answers with a stream of server-sent events. It tells what has
// changed, without values, and nothing of what was before.
func (s *Server) subscribe(w http.ResponseWriter, r *http.Request) {
	sub, ping, err := s.open(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer s.close(sub)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	controller := http.NewResponseController(w)
	ticker := time.NewTicker(ping)
	defer ticker.Stop()
	for {
		if controller.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-ticker.C:
			fmt.Fprint(w, "event: ping\n\n")
		case event := <-sub.events:
			s.frame(w, event)
		case failed := <-sub.end:
			if failed {
				fmt.Fprint(w, "event: error\ndata: {\"message\":\"Permission denied\"}\n\n")
			}
			return
		}
	}
}

// open checks a subscription and enters it.
func (s *Server) open(r *http.Request) (*stream, time.Duration, error) {
	var request struct {
		ProjectID string         `json:"projectId"`
		Register  []registration `json:"register"`
	}
	decodeErr := json.NewDecoder(r.Body).Decode(&request)

	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.authenticate(r)
	if err != nil {
		return nil, 0, err
	}
	if decodeErr != nil {
		return nil, 0, badRequest("Body is not valid JSON")
	}
	if n := len(request.Register); n < 1 || n > maxRegistrations {
		return nil, 0, invalid("invalid_length", "register", "Expected 1 to 10 registrations")
	}
	for _, entry := range request.Register {
		if !slices.Contains(eventTypes, entry.Event) {
			return nil, 0, invalidChoice("register", "'"+strings.Join(eventTypes, "' | '")+"'", entry.Event)
		}
	}
	if s.behaviour.Events.Off {
		return nil, 0, badRequest("Event subscriptions are not available on your current plan. Upgrade your plan to use them.")
	}
	p := s.find(request.ProjectID)
	if p == nil || p.id != request.ProjectID {
		return nil, 0, notFound("Project with ID '%s' not found", request.ProjectID)
	}
	if err := mayWatch(t.identity, p, request.Register); err != nil {
		return nil, 0, err
	}
	sub := &stream{project: p.id, register: request.Register, events: make(chan change, streamBuffer), end: make(chan bool, 1)}
	s.streams[sub] = true
	ping := s.behaviour.Events.Ping
	if ping <= 0 {
		ping = defaultPing
	}
	return sub, ping, nil
}

func mayWatch(i *identity, p *project, register []registration) error {
	if !i.member(p) {
		return notMember(p)
	}
	for _, entry := range register {
		if c := entry.Conditions; c != nil && i.access(p, c.EnvironmentSlug, strings.TrimRight(c.SecretPath, "*")) == None {
			return denied(c.EnvironmentSlug, c.SecretPath)
		}
	}
	return nil
}

func (s *Server) close(sub *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, sub)
}

// Streams returns how many event streams are open.
func (s *Server) Streams() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}

// EndStreams ends all event streams: cleanly, or after an error event.
func (s *Server) EndStreams(withError bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := range s.streams {
		select {
		case sub.end <- withError:
		default: // It is ending already.
		}
	}
}

// publish hands a change to the streams that match. The caller holds the lock.
func (s *Server) publish(event change) {
	for sub := range s.streams {
		if sub.project != event.project || !slices.ContainsFunc(sub.register, func(entry registration) bool {
			return entry.matches(event, s.behaviour.Events.Globs)
		}) {
			continue
		}
		select {
		case sub.events <- event:
		default: // A slow client loses events, as it does with the real server.
		}
	}
}

func (entry registration) matches(event change, globs bool) bool {
	if entry.Event != event.kind {
		return false
	}
	c := entry.Conditions
	if c == nil {
		return true
	}
	if c.EnvironmentSlug != event.environment {
		return false
	}
	if !globs {
		return strings.HasPrefix(event.path, c.SecretPath)
	}
	if tree, ok := strings.CutSuffix(c.SecretPath, "/**"); ok {
		return within(event.path, tree)
	}
	matched, err := path.Match(cleanPath(c.SecretPath), event.path)
	return err == nil && matched
}

func (s *Server) frame(w http.ResponseWriter, event change) {
	s.mu.Lock()
	name, id := "secretKey", s.clock().UnixMilli()
	if s.behaviour.Events.OldKeys {
		name = "secretKeys"
	}
	s.mu.Unlock()
	element := map[string]string{"environment": event.environment, "secretPath": event.path}
	var payload any = element
	if event.key != "" {
		element[name] = event.key
		payload = []any{element}
	}
	data, err := json.Marshal(map[string]any{
		"type": "secret-manager",
		"data": map[string]any{"eventType": event.kind, "payload": payload},
	})
	if err != nil {
		panic(err) // Strings always encode.
	}
	fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", id, event.kind, data)
}
