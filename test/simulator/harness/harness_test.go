package harness_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

const (
	routeThing = "GET /things/{id}"
	body       = `{"thing":"whole"}`
)

func newHarness(t *testing.T) *harness.Harness {
	t.Helper()
	h := harness.New(http.NotFound)
	h.Handle(routeThing, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	})
	h.Handle("GET /other", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	t.Cleanup(h.Close)
	return h
}

type result struct {
	status int
	header http.Header
	body   string
	err    error
}

func fetch(ctx context.Context, client *http.Client, address string) result {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return result{err: err}
	}
	resp, err := client.Do(req)
	if err != nil {
		return result{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return result{resp.StatusCode, resp.Header, string(text), err}
}

// newClient has connections of its own and follows no redirects.
func newClient(t *testing.T) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func TestLogCountsByRoute(t *testing.T) {
	h := newHarness(t)
	url, client := h.Start(), newClient(t)
	for _, path := range []string{"/things/1", "/things/2?q=x", "/other", "/none", "/things//1", "/things/a%2Fb"} {
		fetch(t.Context(), client, url+path)
	}
	want := map[string]int{routeThing: 3, "GET /other": 1, harness.Unmatched: 2}
	if diff := cmp.Diff(want, h.Requests.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	entries := h.Requests.Entries()
	if got := entries[1]; got.Path != "/things/2" || got.Query.Get("q") != "x" || got.Status != 200 {
		t.Errorf("entry: %+v", got)
	}
	if got := entries[2].Status; got != http.StatusTeapot {
		t.Errorf("status: %d", got)
	}
	h.Requests.Reset()
	if h.Requests.Total() != 0 || len(h.Requests.Entries()) != 0 {
		t.Error("the log is not empty after Reset")
	}
}

func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault harness.Fault
		check func(result) error
	}{
		{"JSON", harness.JSON(503, `{"error":"x"}`), func(r result) error {
			return expect(r, 503, `{"error":"x"}`, "application/json")
		}},
		{"null", harness.JSON(200, "null"), func(r result) error { return expect(r, 200, "null", "application/json") }},
		{"no content type", harness.Fault{Kind: harness.Answer, Header: map[string]string{"Content-Type": ""}, Body: body}, func(r result) error {
			return expect(r, 200, body, "")
		}},
		{"HTML", harness.HTML(502), func(r result) error {
			return expect(r, 502, harness.HTML(502).Body, "text/html; charset=utf-8")
		}},
		{"throttled", harness.Throttled(42*time.Second, "{}"), func(r result) error {
			if r.header.Get("Retry-After") != "42" {
				return fmt.Errorf("Retry-After: %q", r.header.Get("Retry-After"))
			}
			return expect(r, 429, "{}", "application/json")
		}},
		{"redirect", harness.Redirect("http://elsewhere.invalid/x"), func(r result) error {
			if r.header.Get("Location") != "http://elsewhere.invalid/x" {
				return fmt.Errorf("Location: %q", r.header.Get("Location"))
			}
			return expect(r, 302, "", "")
		}},
		{"truncate", harness.Fault{Kind: harness.Truncate}, func(r result) error {
			if !errors.Is(r.err, io.ErrUnexpectedEOF) || r.body != body[:len(body)/2] {
				return fmt.Errorf("%q, %v", r.body, r.err)
			}
			return nil
		}},
		{"reset", harness.Fault{Kind: harness.Reset}, func(r result) error {
			if !errors.Is(r.err, syscall.ECONNRESET) {
				return fmt.Errorf("error: %v", r.err)
			}
			return nil
		}},
		{"trickle", harness.Fault{Kind: harness.Trickle, Chunk: 5, Interval: time.Microsecond}, whole},
		{"slow", harness.Slow(time.Millisecond), whole},
		{"drop", harness.Fault{Kind: harness.Drop}, whole},
		{"close", harness.Fault{Kind: harness.Close}, whole},
		{"huge", harness.Fault{Kind: harness.Huge, Size: 1 << 20}, func(r result) error {
			if len(r.body) != 1<<20+4 || r.err != nil {
				return fmt.Errorf("%d bytes, %v", len(r.body), r.err)
			}
			return nil
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t)
			url, client := h.Start(), newClient(t)
			injected := h.Faults.Add(tc.fault.On(routeThing).For(1))
			if got := fetch(t.Context(), client, url+"/other"); got.status != http.StatusTeapot {
				t.Errorf("another route is hit: %+v", got)
			}
			// A new connection: net/http retries on a used one that is reset.
			if err := tc.check(fetch(t.Context(), newClient(t), url+"/things/1")); err != nil {
				t.Error(err)
			}
			if err := whole(fetch(t.Context(), client, url+"/things/1")); err != nil {
				t.Errorf("after the fault: %v", err)
			}
			if injected.Hits() != 1 || h.Requests.Count(routeThing) != 2 {
				t.Errorf("%d hits, %d requests", injected.Hits(), h.Requests.Count(routeThing))
			}
		})
	}
}

func whole(r result) error { return expect(r, 200, body, "application/json") }

func expect(r result, status int, body, contentType string) error {
	if r.err != nil || r.status != status || r.body != body || r.header.Get("Content-Type") != contentType {
		return fmt.Errorf("got %+v", r)
	}
	return nil
}

func TestHangEndsWithClientAndWithRelease(t *testing.T) {
	h := newHarness(t)
	url, client := h.Start(), newClient(t)
	h.Faults.Add(harness.Fault{Kind: harness.Hang}.For(2))

	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan result)
	go func() { left <- fetch(ctx, client, url+"/things/1") }()
	if err := h.Requests.Wait(t.Context(), routeThing, 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if got := <-left; !errors.Is(got.err, context.Canceled) {
		t.Errorf("the client that left got %+v", got)
	}

	stayed := make(chan result)
	go func() { stayed <- fetch(t.Context(), client, url+"/things/2") }()
	if err := h.Requests.Wait(t.Context(), routeThing, 2); err != nil {
		t.Fatal(err)
	}
	h.Faults.Clear()
	if err := whole(<-stayed); err != nil {
		t.Errorf("the client that stayed: %v", err)
	}
}

func TestHoldUntilAllHaveArrived(t *testing.T) {
	h := newHarness(t)
	url, client := h.Start(), newClient(t)
	gate := h.Hold(routeThing, 3)
	var group sync.WaitGroup
	for n := range 3 {
		if n == 2 {
			if err := gate.Wait(t.Context(), 2); err != nil {
				t.Fatal(err)
			}
		}
		group.Go(func() {
			if err := whole(fetch(t.Context(), client, url+"/things/1")); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if gate.Arrived() != 3 || h.Requests.Peak() != 3 {
		t.Errorf("%d arrived, %d at once", gate.Arrived(), h.Requests.Peak())
	}
	if err := whole(fetch(t.Context(), client, url+"/things/1")); err != nil {
		t.Errorf("after the gate: %v", err)
	}
}

func TestStopAndRestart(t *testing.T) {
	h := newHarness(t)
	url, client := h.Start(), newClient(t)
	h.Hold("", 0)
	held := make(chan result)
	go func() { held <- fetch(t.Context(), client, url+"/things/1") }()
	if err := h.Requests.Wait(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	h.Stop()
	if got := <-held; got.err == nil {
		t.Errorf("a request outlived the server: %+v", got)
	}
	if got := fetch(t.Context(), client, url+"/things/1"); !errors.Is(got.err, syscall.ECONNREFUSED) {
		t.Errorf("a stopped server: %+v", got)
	}
	if err := h.Restart(); err != nil {
		t.Fatal(err)
	}
	if h.URL() != url {
		t.Errorf("restarted at %s, was at %s", h.URL(), url)
	}
}

func TestTLSWithPrivateCA(t *testing.T) {
	h := newHarness(t)
	url := h.StartTLS()
	if got := fetch(t.Context(), newClient(t), url+"/things/1"); got.err == nil {
		t.Error("the CA is trusted without being known")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(h.CA()) {
		t.Fatal("the CA is not in PEM")
	}
	client := newClient(t)
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool}
	if err := whole(fetch(t.Context(), client, url+"/things/1")); err != nil {
		t.Error(err)
	}
	h.Faults.Add(harness.Fault{Kind: harness.Reset})
	if got := fetch(t.Context(), client, url+"/things/1"); got.err == nil {
		t.Errorf("a reset connection answered: %+v", got)
	}
}
