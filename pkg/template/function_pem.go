package template

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
)

const (
	certificateType = "CERTIFICATE"
	privateKeyType  = "PRIVATE KEY"
	publicKeyType   = "PUBLIC KEY"
)

// filterPEM keeps the blocks of one type. Text that holds no block at all is an error.
func filterPEM(kind, input string) (string, error) {
	var kept []byte
	rest := fromFirstBlock(input)
	for {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		rest = after
		if strings.EqualFold(block.Type, kind) {
			kept = append(kept, pem.EncodeToMemory(block)...)
		}
	}
	if len(kept) == 0 && len(rest) > 0 {
		return "", errors.New("what is left is not PEM")
	}
	return string(kept), nil
}

// fromFirstBlock leaves out text before the first block, which Go's decoder skips only in some of its versions.
func fromFirstBlock(input string) []byte {
	if i := strings.Index(input, "-----BEGIN"); i > 0 {
		input = input[i:]
	}
	return []byte(input)
}

// filterCertChain picks from a chain of certificates in any order: the leaf, the intermediate ones from the leaf's issuer
// upwards, or the root; nothing where the chain has none.
func filterCertChain(part, input string) (string, error) {
	certificates, err := parseCertificates(fromFirstBlock(input))
	if err != nil {
		return "", err
	}
	chain, err := sortChain(certificates)
	if err != nil {
		return "", err
	}
	switch part {
	case "leaf":
		if leaf := chain[0]; leaf.AuthorityKeyId != nil && !isRoot(leaf) {
			return encodeCertificates(leaf), nil
		}
	case "intermediate":
		between := chain[1:]
		if i := slices.IndexFunc(between, isRoot); i >= 0 {
			between = between[:i]
		}
		return encodeCertificates(between...), nil
	case "root":
		if last := chain[len(chain)-1]; isRoot(last) {
			return encodeCertificates(last), nil
		}
	}
	return "", nil
}

// isRoot tells a certificate that names no other one as its issuer.
func isRoot(c *x509.Certificate) bool {
	return c.AuthorityKeyId == nil || bytes.Equal(c.AuthorityKeyId, c.SubjectKeyId)
}

// sortChain orders certificates from the leaf to the root by the key ids that they name. It checks no signature: it puts in
// order what the reader will verify. More than one leaf, or none, is an error.
func sortChain(certificates []*x509.Certificate) ([]*x509.Certificate, error) {
	issuer := map[*x509.Certificate]*x509.Certificate{}
	issues := map[*x509.Certificate]bool{}
	for _, c := range certificates {
		for _, other := range certificates {
			if c != other && len(c.AuthorityKeyId) > 0 && bytes.Equal(c.AuthorityKeyId, other.SubjectKeyId) {
				issuer[c] = other
				issues[other] = true
				break
			}
		}
	}
	var leaf *x509.Certificate
	for _, c := range certificates {
		if issues[c] {
			continue
		}
		if leaf != nil {
			return nil, errors.New("the certificates are not one chain")
		}
		leaf = c
	}
	if leaf == nil {
		return nil, errors.New("no certificate is a leaf")
	}
	var chain []*x509.Certificate
	for c := leaf; c != nil; c = issuer[c] {
		if len(chain) == len(certificates) {
			return nil, errors.New("the certificates issue each other")
		}
		chain = append(chain, c)
	}
	return chain, nil
}

// certSANs is the alternative names of the first certificate: DNS names, addresses, mail addresses, URIs.
func certSANs(input string) ([]string, error) {
	block, _ := pem.Decode(fromFirstBlock(input))
	if block == nil {
		return nil, errors.New("not PEM")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	names = append(names, c.EmailAddresses...)
	for _, uri := range c.URIs {
		names = append(names, uri.String())
	}
	return names, nil
}

// parseCertificates reads every block as a certificate.
func parseCertificates(input []byte) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for {
		block, rest := pem.Decode(input)
		if block == nil {
			return certificates, nil
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, c)
		input = rest
	}
}

func encodeCertificates(certificates ...*x509.Certificate) string {
	var b strings.Builder
	for _, c := range certificates {
		b.WriteString(encodePEM(certificateType, c.Raw))
	}
	return b.String()
}

func encodePEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
