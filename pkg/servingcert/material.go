package servingcert

import (
	"bytes"
	"crypto/ecdsa"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// The keys of the Secret. The certificates of the authorities, those that sign and those that are only trusted, are all in
// ca.crt.
const (
	leafCertKey  = corev1.TLSCertKey
	leafKeyKey   = corev1.TLSPrivateKeyKey
	trustedKey   = corev1.ServiceAccountRootCAKey
	signerKeyKey = "ca.key"
	nextKeyKey   = "next-ca.key"
)

// material is what a Secret holds that can be used. What is missing or broken is nil.
type material struct {
	leaf *pair
	// signer is the authority that signs leaves, nil where its key is lost. next is its successor, which only is announced.
	signer, next *pair
	trusted      bundle
}

// parse reads a Secret. Whatever is wrong in it is left out.
func parse(data map[string][]byte, names []string, now time.Time) material {
	all, _ := parseBundle(data[trustedKey])
	m := material{trusted: all.trusted(now).bounded()}
	m.signer = m.trusted.authority(data[signerKeyKey])
	m.next = m.trusted.authority(data[nextKeyKey])
	if leaf := parsePair(data[leafCertKey], data[leafKeyKey]); leaf != nil && m.trusted.issuer(leaf.cert, names, now) != nil {
		m.leaf = leaf
	}
	return m
}

// authority returns the certificate of the bundle that a key is for, with the key.
func (b bundle) authority(keyPEM []byte) *pair {
	if len(keyPEM) == 0 {
		return nil
	}
	for _, cert := range b {
		if _, ours := cert.PublicKey.(*ecdsa.PublicKey); !ours {
			continue
		}
		if found := parsePair(encodeBlock(certificateBlock, cert.Raw), keyPEM); found != nil {
			return found
		}
	}
	return nil
}

// encode is the data of the Secret.
func (m material) encode() map[string][]byte {
	data := map[string][]byte{
		leafCertKey: m.leaf.certPEM,
		leafKeyKey:  m.leaf.keyPEM,
		trustedKey:  m.trusted.encode(),
	}
	if m.signer != nil {
		data[signerKeyKey] = m.signer.keyPEM
	}
	if m.next != nil {
		data[nextKeyKey] = m.next.keyPEM
	}
	return data
}

func sameData(a, b map[string][]byte) bool { return maps.EqualFunc(a, b, bytes.Equal) }
