package apiserver

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFarewell has a client move to another connection, while what is under way on the first is answered.
func TestFarewell(t *testing.T) {
	leaving := &farewell{}
	underWay, finish := make(chan struct{}), make(chan struct{})
	server := httptest.NewUnstartedServer(leaving.handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(underWay)
			<-finish
		}
		_, _ = io.WriteString(w, "answer")
	})))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	// ask tells whether the answer came over a connection that had been there.
	ask := func(path string) (isReused bool, err error) {
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { isReused = info.Reused }}
		request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, server.URL+path, http.NoBody)
		if err != nil {
			return false, err
		}
		response, err := server.Client().Do(request)
		if err != nil {
			return false, err
		}
		defer response.Body.Close()
		if body, err := io.ReadAll(response.Body); err != nil || string(body) != "answer" || response.ProtoMajor != 2 {
			return false, fmt.Errorf("the answer by HTTP/%d is %q (%w)", response.ProtoMajor, body, err)
		}
		return isReused, nil
	}
	isReused, err := ask("/")
	require.NoError(t, err)
	require.False(t, isReused)
	isReused, err = ask("/")
	require.NoError(t, err)
	require.True(t, isReused)

	slow := make(chan error)
	go func() {
		_, err := ask("/slow")
		slow <- err
	}()
	<-underWay
	leaving.begin()
	for isReused = true; isReused; {
		isReused, err = ask("/")
		require.NoError(t, err)
	}
	close(finish)
	require.NoError(t, <-slow)
}
