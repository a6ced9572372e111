package wire

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
)

// responseHeaderTimeout is a backstop behind the callers' deadlines. A Connect server that waits for its first
// synchronization may hold a request for a minute; to ask it again later costs less than to hold on.
const responseHeaderTimeout = 20 * time.Second

// idlePerSite is how many connections to a site stay open unused.
const idlePerSite = 32

// Transports keeps one http.Transport for each site and each policy while somebody uses it, so that all stores of a site that
// may reach the same share its connections. It is safe for concurrent use; the zero value is ready.
type Transports struct {
	mu  sync.Mutex
	all map[siteKey]*pooled
}

// siteKey holds the policy since a connection that one store may make is no connection for another that may not.
type siteKey struct {
	scheme, host string
	reach        *egress.Policy
}

type pooled struct {
	transport *http.Transport
	users     int
}

// Acquire gets the transport to a site, of which scheme and host count. release gives it back; when nobody uses it any more
// its idle connections are closed. The error says why reach does not allow the site.
func (t *Transports) Acquire(site *url.URL, reach *egress.Policy) (transport *http.Transport, release func(), err error) {
	way, err := reach.Way(site)
	if err != nil {
		return nil, nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := siteKey{site.Scheme, site.Host, reach}
	p := t.all[key]
	if p == nil {
		if t.all == nil {
			t.all = map[siteKey]*pooled{}
		}
		p = &pooled{transport: newTransport(way)}
		t.all[key] = p
	}
	p.users++
	return p.transport, sync.OnceFunc(func() { t.release(key, p) }), nil
}

func (t *Transports) release(key siteKey, p *pooled) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.users--; p.users > 0 {
		return
	}
	delete(t.all, key)
	p.transport.CloseIdleConnections()
}

func newTransport(way egress.Way) *http.Transport {
	transport := NewTransport(way, nil, idlePerSite)
	transport.ResponseHeaderTimeout = responseHeaderTimeout
	return transport
}

// NewTransport makes a transport of one site, whose connections are made by way, and verified against roots, those of the system
// where nil. idle is how many of them stay open unused. Whoever made it closes those in the end.
func NewTransport(way egress.Way, roots *x509.CertPool, idle int) *http.Transport {
	return &http.Transport{
		Proxy:               way.Proxy,
		DialContext:         way.DialContext,
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: idle,
		IdleConnTimeout:     90 * time.Second,
		// A header beyond this is no answer of a provider's.
		MaxResponseHeaderBytes: 64 << 10,
	}
}
