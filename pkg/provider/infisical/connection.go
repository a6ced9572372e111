package infisical

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
)

const (
	userAgent = "external-secrets-apiserver"
	// requestTimeout bounds a request whose caller sets no earlier deadline.
	requestTimeout = 30 * time.Second
	// handshakeTimeout is for TLS.
	handshakeTimeout = 10 * time.Second
)

// connection is the way to one instance.
type connection struct {
	site      string
	transport *http.Transport
	now       func() time.Time
}

func newConnection(site *url.URL, way egress.Way, roots *x509.CertPool, now func() time.Time) *connection {
	return &connection{
		site: site.String(),
		now:  now,
		transport: &http.Transport{
			Proxy:                  way.Proxy,
			DialContext:            way.DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    handshakeTimeout,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
}

// close lets go of idle connections. Those in use end with their requests.
func (c *connection) close() { c.transport.CloseIdleConnections() }
