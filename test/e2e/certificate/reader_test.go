package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	namespace      = "external-secrets"
	serviceName    = "external-secrets-apiserver.external-secrets.svc"
	secretName     = "external-secrets-apiserver-serving-cert"
	apiServiceName = "v1.external-secrets.io"
)

var apiServices = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}

func secret(t *testing.T) *corev1.Secret {
	t.Helper()
	held, err := env.Host(t).CoreV1().Secrets(namespace).Get(t.Context(), secretName, metav1.GetOptions{})
	require.NoError(t, err)
	return held
}

func apiService(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	registered, err := env.Dynamic(t).Resource(apiServices).Get(t.Context(), apiServiceName, metav1.GetOptions{})
	require.NoError(t, err)
	return registered
}

// bundle is what kube-apiserver trusts.
func bundle(t *testing.T) []*x509.Certificate {
	t.Helper()
	encoded, _, err := unstructured.NestedString(apiService(t).Object, "spec", "caBundle")
	require.NoError(t, err)
	text, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	return parse(t, text)
}

func parse(t *testing.T, text []byte) []*x509.Certificate {
	t.Helper()
	var certs []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		certs = append(certs, cert)
	}
	return certs
}

// reader asks through kube-apiserver all the time, and fails its test when a request does.
type reader struct {
	cancel  context.CancelFunc
	running sync.WaitGroup
	count   int
}

func startReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{}
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	client := env.Clientset(t).ExternalSecretsV1().ExternalSecrets("")
	r.running.Go(func() {
		for ; ctx.Err() == nil; r.count++ {
			if _, err := client.List(ctx, metav1.ListOptions{ResourceVersion: "0"}); err != nil && ctx.Err() == nil {
				t.Errorf("request %d failed: %v", r.count, err)
				return
			}
		}
	})
	t.Cleanup(func() { r.stop() })
	return r
}

// stop returns how many requests were answered.
func (r *reader) stop() int {
	r.cancel()
	r.running.Wait()
	return r.count
}

// connection is to the server itself, as kube-apiserver would make it: by the name of the Service, and with the trust of
// the APIService at this moment.
type connection struct {
	client http.Client
	dials  int
}

func newConnection(t *testing.T) *connection {
	t.Helper()
	roots := x509.NewCertPool()
	for _, cert := range bundle(t) {
		roots.AddCert(cert)
	}
	server, err := url.Parse(env.Server.URL())
	require.NoError(t, err)
	c := &connection{}
	c.client.Transport = &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			c.dials++
			return (&net.Dialer{}).DialContext(ctx, network, server.Host)
		},
	}
	t.Cleanup(c.client.CloseIdleConnections)
	return c
}

// shown returns the leaf that a new connection sees.
func shown(t *testing.T) *x509.Certificate {
	t.Helper()
	c := newConnection(t)
	defer c.client.CloseIdleConnections()
	return c.ask(t)
}

// ask returns the leaf of the connection that the answer came by.
func (c *connection) ask(t *testing.T) *x509.Certificate {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+serviceName+"/readyz", http.NoBody)
	require.NoError(t, err)
	response, err := c.client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	return response.TLS.PeerCertificates[0]
}
