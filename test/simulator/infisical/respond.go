package infisical

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// handler answers a request with a value that is sent as JSON, or with a *failure.
type handler func(*http.Request) (any, error)

// failure is an error answer of the API. Message is a string, or a list of
// issues where the request's form is at fault.
type failure struct {
	ReqID   string `json:"reqId"`
	Status  int    `json:"statusCode"`
	Message any    `json:"message"`
	Name    string `json:"error"`
	Details any    `json:"details,omitempty"`
}

func (f *failure) Error() string { return fmt.Sprintf("%d %s: %v", f.Status, f.Name, f.Message) }

// issue is one fault of a request's form.
type issue struct {
	Code    string   `json:"code"`
	Path    []string `json:"path"`
	Message string   `json:"message"`
}

func badRequest(message string) error {
	return &failure{Status: http.StatusBadRequest, Name: "BadRequest", Message: message}
}

func unauthorized(message string) error {
	return &failure{Status: http.StatusUnauthorized, Name: "UnauthorizedError", Message: message}
}

func forbidden(message string) error {
	return &failure{Status: http.StatusForbidden, Name: "ForbiddenRequestError", Message: message}
}

func tokenError(message string) error {
	return &failure{Status: http.StatusForbidden, Name: "TokenError", Message: message}
}

func notFound(format string, args ...any) *failure {
	return &failure{Status: http.StatusNotFound, Name: "NotFound", Message: fmt.Sprintf(format, args...)}
}

func invalid(code, field, message string) error {
	return &failure{
		Status:  http.StatusUnprocessableEntity,
		Name:    "ValidationFailure",
		Message: []issue{{Code: code, Path: []string{field}, Message: message}},
	}
}

// respond sends what a handler returns.
func (s *Server) respond(next handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		result, err := next(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.send(w, r, http.StatusOK, result)
	}
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	failed := &failure{Status: http.StatusInternalServerError, Name: "InternalServerError", Message: "Something went wrong"}
	errors.As(err, &failed)
	failed.ReqID = "req-" + rand.Text()[:14]
	s.send(w, r, failed.Status, failed)
}

// send writes JSON with the hash of the body as its ETag, and answers 304
// without a body to a request that has that one already.
func (s *Server) send(w http.ResponseWriter, r *http.Request, status int, content any) {
	body, err := json.Marshal(content)
	if err != nil {
		panic(err) // The simulator's own types always encode.
	}
	s.mu.Lock()
	weak, omit := s.behaviour.WeakETags, s.behaviour.OmitETags
	s.mu.Unlock()
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	if !omit {
		sum := sha1.Sum(body)
		etag := strconv.Quote(base64.StdEncoding.EncodeToString(sum[:]))
		sent := r.Header.Get("If-None-Match")
		if weak {
			header.Set("ETag", "W/"+etag)
		} else {
			header.Set("ETag", etag)
		}
		if sent == etag || sent == "W/"+etag {
			header.Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // The client may have left.
}
