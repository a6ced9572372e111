package harness

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// serve does to the request what the fault says; service is what would have
// answered it.
func (i *Injected) serve(w *statusWriter, r *http.Request, service http.Handler) {
	fault := i.fault
	Sleep(r.Context(), fault.Delay)
	switch fault.Kind {
	case Answer:
		fault.answer(w)
	case Hang:
		select {
		case <-i.released:
			service.ServeHTTP(w, r)
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	case Trickle:
		fault.trickle(w, r, record(service, r))
	case Truncate:
		truncate(w, record(service, r))
	case Reset:
		reset(w)
	case Close:
		w.Header().Set("Connection", "close")
		service.ServeHTTP(w, r)
	case Drop:
		drop(w, r, record(service, r))
	case Huge:
		fault.huge(w)
	default:
		service.ServeHTTP(w, r)
	}
}

func (f Fault) answer(w http.ResponseWriter) {
	for name, content := range f.Header {
		if content == "" {
			w.Header()[http.CanonicalHeaderKey(name)] = nil
			continue
		}
		w.Header().Set(name, content)
	}
	w.WriteHeader(f.status())
	io.WriteString(w, f.Body) //nolint:errcheck // The client may have left.
}

func (f Fault) status() int {
	if f.Status == 0 {
		return http.StatusOK
	}
	return f.Status
}

func (f Fault) trickle(w http.ResponseWriter, r *http.Request, answer *recorder) {
	answer.sendHeader(w, answer.body.Len())
	chunk, interval := max(f.Chunk, 1), f.Interval
	if interval <= 0 {
		interval = 10 * time.Millisecond
	}
	for answer.body.Len() > 0 {
		if _, err := w.Write(answer.body.Next(chunk)); err != nil {
			return
		}
		flush(w)
		Sleep(r.Context(), interval)
	}
}

func truncate(w http.ResponseWriter, answer *recorder) {
	length := answer.body.Len()
	answer.sendHeader(w, length+1024)
	w.Write(answer.body.Next(length / 2)) //nolint:errcheck // The connection is cut next.
	flush(w)
	panic(http.ErrAbortHandler)
}

// reset makes the kernel send RST instead of FIN: with no time to linger, what
// was not read yet is thrown away.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	plain := conn
	if over, ok := conn.(interface{ NetConn() net.Conn }); ok {
		plain = over.NetConn()
	}
	if tcp, ok := plain.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // Without it the connection is closed all the same.
	}
	plain.Close()
}

func drop(w *statusWriter, r *http.Request, answer *recorder) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	w.status = answer.status
	length := answer.body.Len()
	response := &http.Response{
		StatusCode:    answer.status,
		ProtoMajor:    1,
		ProtoMinor:    1,
		Request:       r,
		Header:        answer.header,
		ContentLength: int64(length),
		Body:          io.NopCloser(&answer.body),
	}
	_ = response.Write(conn) // The connection is closed next.
}

func (f Fault) huge(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status())
	piece := bytes.Repeat([]byte("x"), 64<<10)
	io.WriteString(w, `["`) //nolint:errcheck // The next write fails as well.
	for left := f.Size; left > 0; left -= int64(len(piece)) {
		if _, err := w.Write(piece[:min(left, int64(len(piece)))]); err != nil {
			return
		}
	}
	io.WriteString(w, `"]`) //nolint:errcheck // The client may have left.
}

func flush(w http.ResponseWriter) {
	if err := http.NewResponseController(w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		panic(http.ErrAbortHandler)
	}
}

// recorder keeps an answer so that it can be sent in another way.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func record(service http.Handler, r *http.Request) *recorder {
	answer := &recorder{header: http.Header{}, status: http.StatusOK}
	service.ServeHTTP(answer, r)
	return answer
}

func (a *recorder) Header() http.Header         { return a.header }
func (a *recorder) WriteHeader(status int)      { a.status = status }
func (a *recorder) Write(p []byte) (int, error) { return a.body.Write(p) }

func (a *recorder) sendHeader(w http.ResponseWriter, length int) {
	for name, contents := range a.header {
		w.Header()[name] = contents
	}
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(a.status)
	flush(w)
}

// statusWriter notes the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}
