package servingcert

import (
	"bytes"
	"sync"

	"k8s.io/apiserver/pkg/server/dynamiccertificates"
)

var _ dynamiccertificates.CertKeyContentProvider = (*Served)(nil)

// Served is the certificate that is shown to clients. New connections see a change; those that stand are left alone. The
// zero Served has none yet.
type Served struct {
	mu              sync.Mutex
	certPEM, keyPEM []byte
	listeners       []dynamiccertificates.Listener
}

// Name implements dynamiccertificates.CertKeyContentProvider.
func (s *Served) Name() string { return "serving-certificate" }

// CurrentCertKeyContent implements dynamiccertificates.CertKeyContentProvider.
func (s *Served) CurrentCertKeyContent() (certPEM, keyPEM []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.certPEM, s.keyPEM
}

// AddListener implements dynamiccertificates.Notifier.
func (s *Served) AddListener(listener dynamiccertificates.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, listener)
}

// show tells whether p is another certificate than the one before.
func (s *Served) show(p *pair) (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes.Equal(s.certPEM, p.certPEM) && bytes.Equal(s.keyPEM, p.keyPEM) {
		return false
	}
	s.certPEM, s.keyPEM = p.certPEM, p.keyPEM
	for _, listener := range s.listeners {
		listener.Enqueue()
	}
	return true
}
