package servingcert

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"time"
)

// mostAuthorities bounds a bundle. Without it a Secret that something deletes every minute would fill an APIService up.
const mostAuthorities = 8

// bundle is a set of authorities, newest first. Its methods return a new one.
type bundle []*x509.Certificate

// parseBundle returns the certificates in PEM. clean is false where there is anything else between them.
func parseBundle(text []byte) (certs bundle, clean bool) {
	clean = true
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return certs, clean && len(bytes.TrimSpace(text)) == 0
		}
		text = rest
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != certificateBlock {
			clean = false
			continue
		}
		certs = certs.with(cert)
	}
}

func (b bundle) encode() []byte {
	var text []byte
	for _, cert := range b {
		text = append(text, encodeBlock(certificateBlock, cert.Raw)...)
	}
	return text
}

func (b bundle) has(cert *x509.Certificate) bool { return slices.ContainsFunc(b, cert.Equal) }

// with appends what is not there yet.
func (b bundle) with(certs ...*x509.Certificate) bundle {
	out := slices.Clone(b)
	for _, cert := range certs {
		if !out.has(cert) {
			out = append(out, cert)
		}
	}
	return out
}

// trusted leaves out what is no authority, and what has ended by now.
func (b bundle) trusted(now time.Time) bundle {
	return slices.DeleteFunc(slices.Clone(b), func(cert *x509.Certificate) bool {
		return !cert.IsCA || !now.Before(cert.NotAfter)
	})
}

// bounded keeps the first certificates.
func (b bundle) bounded() bundle { return b[:min(len(b), mostAuthorities)] }

// sameAs ignores the order.
func (b bundle) sameAs(other bundle) bool {
	return len(b) == len(other) && !slices.ContainsFunc(b, func(cert *x509.Certificate) bool { return !other.has(cert) })
}

// issuer returns the authority that a leaf for names is valid under, nil for none. What is not valid yet comes from a clock
// that is ahead, and counts: replacing it would have two replicas replace each other's for ever.
func (b bundle) issuer(leaf *x509.Certificate, names []string, now time.Time) *x509.Certificate {
	if slices.ContainsFunc(names, func(name string) bool { return leaf.VerifyHostname(name) != nil }) {
		return nil
	}
	for _, cert := range b {
		roots := x509.NewCertPool()
		roots.AddCert(cert)
		at := later(now, later(leaf.NotBefore, cert.NotBefore))
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: at}); err == nil {
			return cert
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
