package infisical

import (
	"crypto/x509"
	"net/http"
	"net/url"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/wire"
)

const (
	userAgent = "external-secrets-apiserver"
	// requestTimeout bounds a request whose caller sets no earlier deadline.
	requestTimeout = 30 * time.Second
	// idleConnections stay open for the next request.
	idleConnections = 4
)

// connection is the way to one instance.
type connection struct {
	site      string
	transport *http.Transport
	now       func() time.Time
}

func newConnection(site *url.URL, way egress.Way, roots *x509.CertPool, now func() time.Time) *connection {
	return &connection{site: site.String(), now: now, transport: wire.NewTransport(way, roots, idleConnections)}
}

// close lets go of idle connections. Those in use end with their requests.
func (c *connection) close() { c.transport.CloseIdleConnections() }
