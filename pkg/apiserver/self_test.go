package apiserver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
)

func TestSelf(t *testing.T) {
	s := &self{}
	config := s.config(&rest.Config{Host: "https://localhost:1234", BearerToken: "mine", TLSClientConfig: rest.TLSClientConfig{CAData: []byte("pem")}})
	client, err := rest.HTTPClientFor(config)
	require.NoError(t, err)
	_, err = client.Get("https://localhost:1234/early")
	require.ErrorIs(t, err, errNotServing)

	s.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/wait":
			<-r.Context().Done()
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Seen", r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusCreated)
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, body)
	}))

	response, err := client.Post("https://localhost:1234/a%20b?c=d", "text/plain", strings.NewReader("body"))
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "POST /a%20b?c=d body", string(text))
	require.Equal(t, http.StatusCreated, response.StatusCode)
	require.Equal(t, "Bearer mine", response.Header.Get("Seen"))

	response, err = client.Get("https://localhost:1234/none")
	require.NoError(t, err)
	text, err = io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "GET /none ", string(text))

	_, err = client.Get("https://localhost:1234/abort")
	require.ErrorIs(t, err, errAborted)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://localhost:1234/wait", nil)
	require.NoError(t, err)
	_, err = client.Do(request)
	require.ErrorIs(t, err, context.Canceled)
}
