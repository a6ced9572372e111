package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
	first, releaseFirst := all.Acquire("a", nil)
	second, releaseSecond := all.Acquire("a", nil)
	other, releaseOther := all.Acquire("b", nil)
	defer releaseOther()
	require.Same(t, first, second)
	require.NotSame(t, first, other)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	response, err := first.RoundTrip(request)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())

	releaseFirst()
	releaseFirst() // Once more changes nothing.
	again, releaseAgain := all.Acquire("a", nil)
	require.Same(t, first, again, "somebody still uses it")
	releaseAgain()
	releaseSecond()
	select {
	case <-closed:
	case <-time.After(30 * time.Second):
		t.Fatal("an idle connection stays open although nobody uses its transport")
	}
	fresh, release := all.Acquire("a", nil)
	defer release()
	require.NotSame(t, first, fresh)
}
