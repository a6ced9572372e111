package apiserver

import (
	"crypto/x509"
	"net/http"
	"slices"
	"sync"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
)

// mostProxies is how many certificates are kept in mind: there are as many as there are kube-apiservers, and one more of each
// while they are renewed.
const mostProxies = 16

// proxy authenticates what kube-apiserver passes on, as next would. It keeps in mind which certificates of kube-apiservers were
// found good, since next verifies the same one again for each request, and that takes longer than all else in authentication.
// What it does not know for sure is left to next.
type proxy struct {
	next   authenticator.Request
	config *authenticatorfactory.RequestHeaderConfig
	// user reads who asks, as kube-apiserver says.
	user authenticator.Request
	now  func() time.Time

	mu    sync.Mutex
	known map[string]vouched // by the certificate, as it is sent
}

// vouched is why a certificate is good, and how long.
type vouched struct {
	roots *x509.CertPool
	until time.Time
}

var _ authenticator.Request = (*proxy)(nil)

func newProxy(config *authenticatorfactory.RequestHeaderConfig, next authenticator.Request) *proxy {
	return &proxy{
		next: next, config: config, now: time.Now, known: map[string]vouched{},
		user: group.NewAuthenticatedGroupAdder(headerrequest.NewDynamic(
			config.UsernameHeaders, config.UIDHeaders, config.GroupHeaders, config.ExtraHeaderPrefixes)),
	}
}

// AuthenticateRequest implements authenticator.Request.
func (p *proxy) AuthenticateRequest(r *http.Request) (*authenticator.Response, bool, error) {
	if p.isGood(r) {
		return p.user.AuthenticateRequest(r)
	}
	return p.next.AuthenticateRequest(r)
}

// isGood tells whether a request names its user and comes from a kube-apiserver, to which the headers that say so are left. A
// token comes before either.
func (p *proxy) isGood(r *http.Request) bool {
	if r.TLS == nil || len(r.TLS.PeerCertificates) != 1 || r.Header.Get("Authorization") != "" || !p.namesUser(r.Header) {
		return false
	}
	certificate := r.TLS.PeerCertificates[0]
	options, ok := p.config.CAContentProvider.VerifyOptions()
	if !ok || options.Roots == nil || !p.verified(certificate, options) {
		return false
	}
	allowed := p.config.AllowedClientNames.Value()
	return len(allowed) == 0 || slices.Contains(allowed, certificate.Subject.CommonName)
}

func (p *proxy) namesUser(h http.Header) bool {
	return slices.ContainsFunc(p.config.UsernameHeaders.Value(), func(name string) bool { return h.Get(name) != "" })
}

// verified tells whether a certificate is good. An authority that is replaced comes in a pool of its own, and nothing that the
// former one vouched for counts any more.
func (p *proxy) verified(certificate *x509.Certificate, options x509.VerifyOptions) bool {
	now := p.now()
	p.mu.Lock()
	before, ok := p.known[string(certificate.Raw)]
	p.mu.Unlock()
	if ok && before.roots == options.Roots && now.Before(before.until) {
		return true
	}
	options.CurrentTime = now
	chains, err := certificate.Verify(options)
	if err != nil {
		return false
	}
	until := certificate.NotAfter
	for _, above := range chains[0] {
		if above.NotAfter.Before(until) {
			until = above.NotAfter
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= mostProxies {
		clear(p.known)
	}
	p.known[string(certificate.Raw)] = vouched{roots: options.Roots, until: until}
	return true
}
