package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/wire"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		" 7 ":                           7 * time.Second,
		"-7":                            0,
		"soon":                          0,
		"1.5":                           0,
		"9223372036854775807":           time.Hour,
		"99999999999999999999999":       0,
		"Mon, 23 Nov 2026 12:00:30 GMT": 30 * time.Second,
		"Mon, 23 Nov 2026 11:00:00 GMT": 0,
		"Tue, 23 Nov 2027 12:00:00 GMT": time.Hour,
	} {
		require.Equal(t, want, wire.RetryAfter(http.Header{"Retry-After": {text}}, now), text)
	}
	require.Zero(t, wire.RetryAfter(nil, now))
}

func TestFailure(t *testing.T) {
	ctx := t.Context()
	for want, err := range map[string]error{
		"the connection was refused":                 &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"the connection was reset":                   syscall.ECONNRESET,
		"the answer was cut short":                   io.ErrUnexpectedEOF,
		"the name of the host could not be resolved": &net.DNSError{Err: "canary", Name: "canary"},
		egress.ErrAddress.Error():                    &net.OpError{Op: "dial", Err: egress.ErrAddress},
		"no answer in time":                          &net.OpError{Op: "read", Err: context.DeadlineExceeded},
		"the connection failed":                      errors.New("canary"),
	} {
		got := wire.Failure(ctx, fmt.Errorf("canary: %w", err))
		require.Equal(t, provider.Unavailable, got.Reason)
		require.Equal(t, want, got.Message)
		require.NoError(t, got.Cause)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, wire.Failure(ended, io.EOF), context.Canceled)
}

func TestTransportsAreSharedAndClosed(t *testing.T) {
	closed := make(chan struct{}, 1)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()

	var all wire.Transports
	acquire := func(site string, reach *egress.Policy) (*http.Transport, func()) {
		u, err := url.Parse(site)
		require.NoError(t, err)
		transport, release, err := all.Acquire(u, reach)
		require.NoError(t, err)
		return transport, release
	}
	first, releaseFirst := acquire(server.URL, nil)
	second, releaseSecond := acquire(server.URL+"/path", nil)
	require.Same(t, first, second)
	limited, err := egress.New(nil, "")
	require.NoError(t, err)
	for _, other := range []struct {
		site  string
		reach *egress.Policy
	}{{"http://127.0.0.2", nil}, {strings.Replace(server.URL, "http", "https", 1), nil}, {server.URL, limited}} {
		transport, release := acquire(other.site, other.reach)
		defer release()
		require.NotSame(t, first, transport)
	}
	refused, err := egress.New([]string{"connect.example.com"}, "")
	require.NoError(t, err)
	site, err := url.Parse(server.URL)
	require.NoError(t, err)
	_, _, err = all.Acquire(site, refused)
	require.ErrorContains(t, err, "this server allows connect.example.com")

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	response, err := first.RoundTrip(request)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())

	releaseFirst()
	releaseFirst() // Once more changes nothing.
	again, releaseAgain := acquire(server.URL, nil)
	require.Same(t, first, again, "somebody still uses it")
	releaseAgain()
	releaseSecond()
	select {
	case <-closed:
	case <-time.After(30 * time.Second):
		t.Fatal("an idle connection stays open although nobody uses its transport")
	}
	fresh, release := acquire(server.URL, nil)
	defer release()
	require.NotSame(t, first, fresh)
}
