package proxy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/proxy"
)

// start runs a simulated service on loopback, behind a proxy under the address
// that it has elsewhere.
func start(t *testing.T, public string, serve func(*harness.Harness) string) (*proxy.Server, *harness.Harness) {
	t.Helper()
	service := harness.New(http.NotFound)
	service.Handle("GET /who", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) })
	address, err := url.Parse(serve(service))
	require.NoError(t, err)
	t.Cleanup(service.Close)
	s := proxy.New(map[string]string{public: address.Host})
	require.NoError(t, s.Start())
	return s, service
}

// client returns a client that goes through the proxy; ca may be nil.
func client(t *testing.T, s *proxy.Server, ca []byte) *http.Client {
	t.Helper()
	via, err := url.Parse(s.URL())
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	transport := &http.Transport{Proxy: http.ProxyURL(via), TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func get(ctx context.Context, c *http.Client, address string) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", err
	}
	response, err := c.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}

func TestPlainHTTPReachesItsRoute(t *testing.T) {
	s, service := start(t, "onepassword-connect:8080", (*harness.Harness).Start)
	defer s.Close()
	status, body, err := get(t.Context(), client(t, s, nil), "http://onepassword-connect:8080/who")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "onepassword-connect:8080", body)
	require.Equal(t, 1, service.Requests.Counts()["GET /who"])
}

func TestTLSReachesItsRoute(t *testing.T) {
	s, service := start(t, "eu.infisical.com:443", func(h *harness.Harness) string { return h.StartTLS("eu.infisical.com") })
	defer s.Close()
	c := client(t, s, service.CA())
	for range 3 {
		status, body, err := get(t.Context(), c, "https://eu.infisical.com/who")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "eu.infisical.com", body)
	}
	require.Equal(t, 3, service.Requests.Counts()["GET /who"])
}

func TestOtherHostsAreRefused(t *testing.T) {
	s, service := start(t, "eu.infisical.com:443", func(h *harness.Harness) string { return h.StartTLS("eu.infisical.com") })
	defer s.Close()
	c := client(t, s, service.CA())

	status, body, err := get(t.Context(), c, "http://elsewhere.example/who")
	require.NoError(t, err)
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, body, "elsewhere.example")

	_, _, err = get(t.Context(), c, "https://elsewhere.example/who")
	require.ErrorContains(t, err, "Forbidden")
	require.Empty(t, service.Requests.Counts())
}

func TestRequestsThatAreNotAProxys(t *testing.T) {
	s := proxy.New(nil)
	for _, target := range []string{"/who", "https://eu.infisical.com/who"} {
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, target, nil))
		require.Equal(t, http.StatusBadRequest, recorder.Code, target)
	}
}

func TestServiceThatIsDown(t *testing.T) {
	s, service := start(t, "onepassword-connect:8080", (*harness.Harness).Start)
	defer s.Close()
	service.Stop()
	status, _, err := get(t.Context(), client(t, s, nil), "http://onepassword-connect:8080/who")
	require.NoError(t, err)
	require.Equal(t, http.StatusBadGateway, status)
}

func TestCloseEndsTunnels(t *testing.T) {
	s, service := start(t, "eu.infisical.com:443", func(h *harness.Harness) string { return h.StartTLS("eu.infisical.com") })
	c := client(t, s, service.CA())
	_, _, err := get(t.Context(), c, "https://eu.infisical.com/who")
	require.NoError(t, err)
	s.Close()
	_, _, err = get(t.Context(), c, "https://eu.infisical.com/who")
	require.Error(t, err)
}

func TestEnvironment(t *testing.T) {
	s := proxy.New(nil)
	require.NoError(t, s.Start())
	defer s.Close()
	environment := strings.Join(s.Environment("/tmp/ca.crt"), " ")
	require.Equal(t, "HTTP_PROXY="+s.URL()+" HTTPS_PROXY="+s.URL()+" NO_PROXY=127.0.0.1,localhost SSL_CERT_FILE=/tmp/ca.crt", environment)
	require.Len(t, s.Environment(""), 3)
}
