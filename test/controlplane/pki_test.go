package controlplane

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"testing"
)

func TestCertificates(t *testing.T) {
	ca, err := newAuthority("test-ca")
	if err != nil {
		t.Fatal(err)
	}
	other, err := newAuthority("test-ca")
	if err != nil {
		t.Fatal(err)
	}
	client, err := ca.client("jane", "dev", "ops")
	if err != nil {
		t.Fatal(err)
	}
	server, err := ca.serving("gadgets.factory.svc", "127.0.0.1", "::1")
	if err != nil {
		t.Fatal(err)
	}
	clientAuth, serverAuth := x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth
	for _, test := range []struct {
		name  string
		pair  keyPair
		by    *authority
		host  string
		usage x509.ExtKeyUsage
		valid bool
	}{
		{"a client", client, ca, "", clientAuth, true},
		{"a client as a server", client, ca, "", serverAuth, false},
		{"a client of another authority of the same name", client, other, "", clientAuth, false},
		{"a server by name", server, ca, "gadgets.factory.svc", serverAuth, true},
		{"a server by IPv4 address", server, ca, "127.0.0.1", serverAuth, true},
		{"a server by IPv6 address", server, ca, "::1", serverAuth, true},
		{"a server by another name", server, ca, "widgets.factory.svc", serverAuth, false},
		{"a server as a client", server, ca, "", clientAuth, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			leaf := parse(t, test.pair)
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(test.by.pem)
			_, err := leaf.Verify(x509.VerifyOptions{
				Roots: roots, DNSName: test.host, KeyUsages: []x509.ExtKeyUsage{test.usage},
			})
			if (err == nil) != test.valid {
				t.Errorf("verifying: %v, want valid=%t", err, test.valid)
			}
		})
	}
	subject := parse(t, client).Subject
	groups := slices.Sorted(slices.Values(subject.Organization))
	if subject.CommonName != "jane" || !slices.Equal(groups, []string{"dev", "ops"}) {
		t.Errorf("the client's subject is %s", subject)
	}
}

func TestAServingCertificateNeedsAHost(t *testing.T) {
	ca, err := newAuthority("test-ca")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ca.serving(); err == nil {
		t.Error("no error")
	}
}

func parse(t *testing.T, pair keyPair) *x509.Certificate {
	t.Helper()
	loaded, err := tls.X509KeyPair(pair.cert, pair.key)
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Leaf
}
