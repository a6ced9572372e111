package connect

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// handler answers a request with a value that is sent as JSON, with a *raw,
// or with a *failure.
type handler func(*http.Request) (any, error)

// raw is an answer that is not JSON; no body means 204.
type raw struct {
	header map[string]string
	body   []byte
}

// page is a JSON answer that is a part of a collection.
type page struct {
	contentRange string
	rows         any
}

// failure is an error answer of the API.
type failure struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
}

func (f *failure) Error() string { return fmt.Sprintf("status %d: %s", f.Status, f.Message) }

func failf(status int, format string, args ...any) error {
	return &failure{Status: status, Message: fmt.Sprintf(format, args...)}
}

// respond sends what a handler returns.
func (s *Server) respond(next handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		result, err := next(r)
		if version := s.version(); version != "" {
			w.Header().Set("1Password-Connect-Version", version)
		}
		if err != nil {
			failed := &failure{Status: http.StatusInternalServerError, Message: "Internal Server Error"}
			errors.As(err, &failed)
			sendJSON(w, failed.Status, failed)
			return
		}
		switch answer := result.(type) {
		case *raw:
			answer.send(w)
		case *page:
			w.Header().Set("Content-Range", answer.contentRange)
			sendJSON(w, http.StatusOK, answer.rows)
		default:
			sendJSON(w, http.StatusOK, answer)
		}
	}
}

func sendJSON(w http.ResponseWriter, status int, content any) {
	body, err := json.Marshal(content)
	if err != nil {
		panic(err) // The simulator's own types always encode.
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // The client may have left.
}

func (a *raw) send(w http.ResponseWriter) {
	for name, content := range a.header {
		w.Header().Set(name, content)
	}
	if a.body == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.Write(a.body) //nolint:errcheck // The client may have left.
}

func (s *Server) version() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.behaviour.OmitVersion {
		return ""
	}
	return s.release()
}

// release is the server's version. The caller holds the lock.
func (s *Server) release() string {
	if s.behaviour.Version == "" {
		return "1.8.1"
	}
	return s.behaviour.Version
}

// awaitSync blocks, and then fails, while the server has never been in sync.
func (s *Server) awaitSync(r *http.Request) error {
	s.mu.Lock()
	never, timeout := s.behaviour.NeverSynced, s.behaviour.SyncTimeout
	s.mu.Unlock()
	if !never {
		return nil
	}
	harness.Sleep(r.Context(), timeout)
	return failf(http.StatusInternalServerError, "failed to initiate, review service logs for details")
}
