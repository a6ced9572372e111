package servingcert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// backdate is how long before its making a certificate is valid, for clients whose clock is behind.
const backdate = 10 * time.Minute

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// pair is a certificate and its key. PEM of the certificate may go on with those of intermediate authorities.
type pair struct {
	cert            *x509.Certificate
	key             crypto.Signer
	certPEM, keyPEM []byte
}

// String keeps the key out of whatever prints a pair.
func (p *pair) String() string { return fmt.Sprintf("certificate of %s", p.cert.Subject.CommonName) }

// parsePair returns nil for what is no certificate with its key. What is wrong with a key is not said: a parser's error
// could quote it.
func parsePair(certPEM, keyPEM []byte) *pair {
	parsed, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil
	}
	key, ok := parsed.PrivateKey.(crypto.Signer)
	if !ok {
		return nil
	}
	return &pair{cert: parsed.Leaf, key: key, certPEM: certPEM, keyPEM: keyPEM}
}

// newAuthority makes an authority that can sign leaves for names and nothing else.
func newAuthority(names []string, now time.Time, lifetime time.Duration) (*pair, error) {
	// Verifiers find an authority by its name: no two may share one.
	suffix := make([]byte, 4)
	if _, err := rand.Read(suffix); err != nil {
		return nil, fmt.Errorf("name an authority: %w", err)
	}
	template := &x509.Certificate{
		Subject:                     pkix.Name{CommonName: names[0] + " authority " + hex.EncodeToString(suffix)},
		IsCA:                        true,
		BasicConstraintsValid:       true,
		MaxPathLenZero:              true,
		KeyUsage:                    x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         names,
	}
	return newPair(template, nil, now, now.Add(lifetime))
}

// sign makes a leaf for names that ends after lifetime, or with its authority.
func (p *pair) sign(names []string, now time.Time, lifetime time.Duration) (*pair, error) {
	end := now.Add(lifetime)
	if end.After(p.cert.NotAfter) {
		end = p.cert.NotAfter
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: names[0]},
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:              names,
	}
	return newPair(template, p, now, end)
}

// newPair makes a key and its certificate, signed by the issuer, or by itself where there is none.
func newPair(template *x509.Certificate, issuer *pair, now, end time.Time) (*pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	template.NotBefore, template.NotAfter = now.Add(-backdate), end
	parent, signer := template, crypto.Signer(key)
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, errors.New("sign a certificate: the authority cannot")
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, errors.New("encode a key that was just made")
	}
	made := parsePair(encodeBlock(certificateBlock, der), encodeBlock(keyBlock, keyDER))
	if made == nil {
		return nil, errors.New("read a certificate that was just made")
	}
	return made, nil
}

func encodeBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
