package infisical

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	userAgent = "external-secrets-apiserver"
	// requestTimeout bounds a request whose caller sets no earlier deadline.
	requestTimeout = 30 * time.Second
	// dialTimeout leaves a caller with a request's time the chance of another address.
	dialTimeout = 10 * time.Second
)

// connection is the way to one instance.
type connection struct {
	site      string
	transport *http.Transport
	now       func() time.Time
}

func newConnection(site *url.URL, roots *x509.CertPool, now func() time.Time) *connection {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	return &connection{
		site: site.String(),
		now:  now,
		transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    dialTimeout,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
}

// close lets go of idle connections. Those in use end with their requests.
func (c *connection) close() { c.transport.CloseIdleConnections() }
