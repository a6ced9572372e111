package e2e

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
)

// TestHealth asks the paths that a kubelet probes, without credentials, and those
// that want some.
func TestHealth(t *testing.T) {
	t.Parallel()
	client, err := rest.HTTPClientFor(rest.AnonymousClientConfig(env.Server.Config(t, "nobody")))
	require.NoError(t, err)
	for path, want := range map[string]int{
		"/livez?exclude=etcd&verbose": http.StatusOK,
		"/readyz?verbose":             http.StatusOK,
		"/metrics":                    http.StatusForbidden,
		"/debug/pprof/":               http.StatusForbidden,
		groupPath("externalsecrets"):  http.StatusForbidden,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, env.Server.URL()+path, nil)
		require.NoError(t, err)
		response, err := client.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, want, response.StatusCode, "%s: %s", path, body)
		if path == "/livez?exclude=etcd&verbose" {
			require.Contains(t, string(body), "etcd excluded: ok", "the probe leaves out a check that there is")
		}
	}
}
