package infisical

import (
	"crypto/sha256"
	"sync"
	"time"
)

// identityKey tells identities apart. Equal credentials for one organization of one instance are one identity, if the
// instance's certificate is verified against the same roots: what answers to other roots may be something else.
type identityKey struct {
	site, method, subject, organization string
	secret, roots                       [sha256.Size]byte
}

// identities are those of all connected stores. The zero value is ready for use.
type identities struct {
	mu    sync.Mutex
	byKey map[identityKey]*sharedIdentity
}

type sharedIdentity struct {
	*identity
	stores int
	// idle is since when no store uses it.
	idle time.Time
}

// acquire is the identity of a key, which the caller must release.
func (s *identities) acquire(key identityKey, c *credential, now func() time.Time) *identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now())
	shared := s.byKey[key]
	if shared == nil {
		shared = &sharedIdentity{identity: newIdentity(c, now)}
		if s.byKey == nil {
			s.byKey = map[identityKey]*sharedIdentity{}
		}
		s.byKey[key] = shared
	}
	shared.stores++
	return shared.identity
}

// release lets go of an identity. It is kept for as long as a refusal is held: a store that is edited is closed and
// connected again, and must neither log in anew nor forget that a login was refused.
func (s *identities) release(key identityKey, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if shared := s.byKey[key]; shared != nil {
		shared.stores--
		shared.idle = now
	}
	s.sweep(now)
}

func (s *identities) sweep(now time.Time) {
	for key, shared := range s.byKey {
		if shared.stores == 0 && now.Sub(shared.idle) > holdOff {
			delete(s.byKey, key)
		}
	}
}
