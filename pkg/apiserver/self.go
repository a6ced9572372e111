package apiserver

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"k8s.io/client-go/rest"
)

// self is a transport to this very process: a request goes through the whole chain of handlers, authentication, admission and
// audit included, and through no socket, TLS or HTTP/2. It is for requests with a short answer, and not for watches: an
// answer is complete before its reader sees it.
type self struct {
	handler atomic.Pointer[http.Handler]
}

var _ http.RoundTripper = (*self)(nil)

var (
	errNotServing = errors.New("the server is not set up yet")
	errAborted    = errors.New("the server aborted the request")
)

// serve sets what answers.
func (s *self) serve(handler http.Handler) { s.handler.Store(&handler) }

// config is that of a client which uses s, with the rights of the loopback connection.
func (s *self) config(loopback *rest.Config) *rest.Config {
	config := rest.CopyConfig(loopback)
	config.TLSClientConfig = rest.TLSClientConfig{}
	config.Transport = s
	return config
}

// RoundTrip implements http.RoundTripper. A request whose context ends is cut short by the handlers, as any other.
func (s *self) RoundTrip(request *http.Request) (*http.Response, error) {
	handler := s.handler.Load()
	if handler == nil {
		return nil, errNotServing
	}
	if request.Body != nil {
		defer request.Body.Close()
	}
	answer := &answer{header: http.Header{}, status: http.StatusOK}
	if err := answer.take(*handler, received(request)); err != nil {
		return nil, err
	}
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(answer.status), StatusCode: answer.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: answer.header, Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()),
		Request: request,
	}, nil
}

// received is a request as a server would have it from its connection.
func received(request *http.Request) *http.Request {
	in := request.Clone(request.Context())
	in.RequestURI = request.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	return in
}

// answer is a ResponseWriter that keeps what is written.
type answer struct {
	header  http.Header
	status  int
	written bool
	body    bytes.Buffer
}

var _ http.Flusher = (*answer)(nil)

// take has a request answered. A handler that panics has said so in the log, and ends its request alone, as with net/http.
func (a *answer) take(from http.Handler, request *http.Request) (err error) {
	defer func() {
		if recover() != nil {
			err = errAborted
		}
	}()
	from.ServeHTTP(a, request)
	return nil
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter. The first status counts.
func (a *answer) WriteHeader(status int) {
	if !a.written {
		a.status, a.written = status, true
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.written = true
	return a.body.Write(p)
}

// Flush implements http.Flusher.
func (a *answer) Flush() { a.written = true }
