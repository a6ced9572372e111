package apiserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
)

// authority is a front proxy's CA, which may be replaced.
type authority struct {
	dynamiccertificates.CAContentProvider

	roots *x509.CertPool
}

func (a *authority) VerifyOptions() (x509.VerifyOptions, bool) {
	return x509.VerifyOptions{Roots: a.roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, a.roots != nil
}

// issue makes an authority's certificate and one that it vouches for.
func issue(t *testing.T, name string, until time.Time) (roots *x509.CertPool, leaf *x509.Certificate) {
	t.Helper()
	sign := func(template, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		if by == nil {
			by = key
		}
		raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
		require.NoError(t, err)
		certificate, err := x509.ParseCertificate(raw)
		require.NoError(t, err)
		return certificate, key
	}
	began := time.Now().Add(-time.Hour)
	above := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: began, NotAfter: began.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	ca, key := sign(above, above, nil)
	leaf, _ = sign(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: began, NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, ca, key)
	roots = x509.NewCertPool()
	roots.AddCert(ca)
	return roots, leaf
}

// proxied is a request as kube-apiserver passes it on.
func proxied(leaf *x509.Certificate, change ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/apis", http.NoBody)
	r.Header.Set("X-Remote-User", "alice")
	r.Header.Set("X-Remote-Group", "developers")
	r.Header.Set("X-Remote-Extra-Scope", "some")
	if leaf != nil {
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}
	}
	for _, c := range change {
		c(r)
	}
	return r
}

func TestAProxyAnswersAsKubernetesDoes(t *testing.T) {
	const name = "front-proxy-client"
	now := time.Now()
	roots, leaf := issue(t, name, now.Add(time.Hour))
	others, stranger := issue(t, name, now.Add(time.Hour))
	ca := &authority{roots: roots}
	names := headerrequest.StaticStringSlice{name}
	config := &authenticatorfactory.RequestHeaderConfig{
		UsernameHeaders:     headerrequest.StaticStringSlice{"X-Remote-User"},
		UIDHeaders:          headerrequest.StaticStringSlice{"X-Remote-Uid"},
		GroupHeaders:        headerrequest.StaticStringSlice{"X-Remote-Group"},
		ExtraHeaderPrefixes: headerrequest.StaticStringSlice{"X-Remote-Extra-"},
		CAContentProvider:   ca, AllowedClientNames: names,
	}
	asked := 0
	kubernetes := group.NewAuthenticatedGroupAdder(headerrequest.NewDynamicVerifyOptionsSecure(ca.VerifyOptions, names,
		config.UsernameHeaders, config.UIDHeaders, config.GroupHeaders, config.ExtraHeaderPrefixes))
	p := newProxy(config, authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
		asked++
		return kubernetes.AuthenticateRequest(r)
	}))

	for _, step := range []struct {
		what    string
		request func() *http.Request
		before  func()
		// ok and known tell whether the user is taken for who they say, and whether without asking Kubernetes' own code.
		ok, known bool
	}{
		{what: "a certificate that is good", request: func() *http.Request { return proxied(leaf) }, ok: true, known: true},
		{what: "the same again", request: func() *http.Request { return proxied(leaf) }, ok: true, known: true},
		{what: "one of another authority", request: func() *http.Request { return proxied(stranger) }},
		{what: "none", request: func() *http.Request { return proxied(nil) }},
		{what: "one that others follow", request: func() *http.Request {
			return proxied(leaf, func(r *http.Request) { r.TLS.PeerCertificates = append(r.TLS.PeerCertificates, stranger) })
		}, ok: true},
		{what: "a token beside it", request: func() *http.Request {
			return proxied(leaf, func(r *http.Request) { r.Header.Set("Authorization", "Bearer t") })
		}, ok: true},
		{what: "no user", request: func() *http.Request {
			return proxied(leaf, func(r *http.Request) { r.Header.Del("X-Remote-User") })
		}},
		{what: "a name that is not allowed any more", before: func() { names[0] = "another" }, request: func() *http.Request { return proxied(leaf) }},
		{what: "and is again", before: func() { names[0] = name }, request: func() *http.Request { return proxied(leaf) }, ok: true, known: true},
		{what: "an authority that was replaced", before: func() { ca.roots = others }, request: func() *http.Request { return proxied(leaf) }},
		{what: "what the new one vouches for", request: func() *http.Request { return proxied(stranger) }, ok: true, known: true},
		{what: "no authority", before: func() { ca.roots = nil }, request: func() *http.Request { return proxied(leaf) }},
	} {
		if step.before != nil {
			step.before()
		}
		asked = 0
		ours, theirs := step.request(), step.request()
		got, ok, _ := p.AuthenticateRequest(ours)
		want, wantOK, _ := kubernetes.AuthenticateRequest(theirs)
		require.Equal(t, step.ok, ok, step.what)
		require.Equal(t, wantOK, ok, step.what)
		require.Equal(t, want, got, step.what)
		require.Equal(t, theirs.Header, ours.Header, step.what)
		require.Equal(t, step.known, asked == 0, step.what)
	}
}

func TestACertificateIsGoodUntilItEnds(t *testing.T) {
	now := time.Now()
	roots, leaf := issue(t, "front-proxy-client", now.Add(time.Hour))
	p := &proxy{known: map[string]vouched{}, now: func() time.Time { return now }}
	options := x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	require.True(t, p.verified(leaf, options))
	now = now.Add(59 * time.Minute)
	require.True(t, p.verified(leaf, options))
	now = now.Add(2 * time.Minute)
	require.False(t, p.verified(leaf, options))
}

func TestFewCertificatesAreKeptInMind(t *testing.T) {
	p := &proxy{known: map[string]vouched{}, now: time.Now}
	for range mostProxies + 3 {
		roots, leaf := issue(t, "front-proxy-client", time.Now().Add(time.Hour))
		require.True(t, p.verified(leaf, x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}))
		require.LessOrEqual(t, len(p.known), mostProxies)
	}
}
