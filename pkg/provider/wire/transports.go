package wire

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"sync"
	"time"
)

// responseHeaderTimeout is a backstop behind the callers' deadlines. A Connect server that waits for its first
// synchronization may hold a request for a minute; to ask it again later costs less than to hold on.
const responseHeaderTimeout = 20 * time.Second

// Transports keeps one http.Transport for each Key while somebody uses it, so that all stores of a site share its
// connections. It is safe for concurrent use; the zero value is ready.
type Transports struct {
	mu  sync.Mutex
	all map[string]*pooled
}

type pooled struct {
	transport *http.Transport
	users     int
}

// Acquire gets the transport of key, made with roots (nil for the system's) where it is new: a key must tell apart what
// needs different roots. release gives it back; when nobody uses it any more its idle connections are closed.
func (t *Transports) Acquire(key string, roots *x509.CertPool) (transport *http.Transport, release func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.all[key]
	if p == nil {
		if t.all == nil {
			t.all = map[string]*pooled{}
		}
		p = &pooled{transport: newTransport(roots)}
		t.all[key] = p
	}
	p.users++
	return p.transport, sync.OnceFunc(func() { t.release(key, p) })
}

func (t *Transports) release(key string, p *pooled) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.users--; p.users > 0 {
		return
	}
	delete(t.all, key)
	p.transport.CloseIdleConnections()
}

func newTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:   10 * time.Second,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          128,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       90 * time.Second,
		ResponseHeaderTimeout: responseHeaderTimeout,
		// A header beyond this is no answer of a provider's.
		MaxResponseHeaderBytes: 64 << 10,
	}
}
