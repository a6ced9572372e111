package infisical

import (
	"fmt"
	"time"
)

// The defaults of universal auth for lockout, and of tokens.
const (
	lockoutThreshold = 3
	lockoutDuration  = 300 * time.Second
	lockoutReset     = 30 * time.Second
	defaultTTL       = 2592000 * time.Second
)

// Identity is a machine identity. It has universal auth where it has a
// ClientID, and each other way to log in that is set.
type Identity struct {
	// ID is what ways to log in other than universal auth name it by; made up
	// when empty.
	ID           string
	ClientID     string
	ClientSecret string
	JWT          *JWTAuth
	LDAP         *LDAPAuth
	Kubernetes   *KubernetesAuth
	// TTL and MaxTTL are the life of a token and of its renewals; 30 days when 0.
	TTL    time.Duration
	MaxTTL time.Duration
	// TokenUses is how many requests a token is good for; 0 means any number.
	TokenUses int
	// SecretUses is how many logins the client secret is good for; 0 means any number.
	SecretUses int
	// SecretExpires is the time from which the client secret is refused; zero means never.
	SecretExpires time.Time
	// Organizations are the slugs of the organizations that it may log in to; nil means any.
	Organizations []string
	// Projects are the slugs of the projects that it is a member of; none means all.
	Projects []string
	// Rules restrict what it may read; the last one that matches holds.
	Rules []Rule
	// NoLockout turns lockout off.
	NoLockout bool
}

// key is what the simulator's own methods name it by.
func (i *Identity) key() string {
	if i.ClientID != "" {
		return i.ClientID
	}
	return i.ID
}

type identity struct {
	Identity
	logins          int
	retired         bool // its client secret has been used up
	universal, ldap lockout
}

// AddIdentity adds an identity, or replaces the one with its client id or,
// where it has none, its id; tokens that were issued before stay good.
func (s *Server) AddIdentity(added Identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if added.TTL == 0 {
		added.TTL = defaultTTL
	}
	if added.MaxTTL == 0 {
		added.MaxTTL = max(defaultTTL, added.TTL)
	}
	if added.ID == "" {
		added.ID = newUUID()
		if old := s.identities[added.key()]; old != nil {
			added.ID = old.ID
		}
	}
	s.identities[added.key()] = &identity{Identity: added}
}

// SetClientSecret rotates the client secret of an identity.
func (s *Server) SetClientSecret(clientID, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.identities[clientID]
	if i == nil {
		panic(fmt.Sprintf("no simulated identity %q", clientID))
	}
	i.ClientSecret = secret
	i.retired = false
}

// RemoveIdentity deletes an identity, named by its client id or id, and its tokens.
func (s *Server) RemoveIdentity(key string) {
	s.RevokeTokens(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.identities, key)
}

// byID is the identity with an id, or nil.
func (s *Server) byID(id string) *identity {
	for _, i := range s.identities {
		if i.ID == id {
			return i
		}
	}
	return nil
}

// lockout keeps count of refusals of one way to log in.
type lockout struct {
	failures    int
	lastFailure time.Time
	lockedUntil time.Time
}

func (l *lockout) check(now time.Time) error {
	if now.Before(l.lockedUntil) {
		return unauthorized("This identity auth method is temporarily locked, please try again later")
	}
	return nil
}

func (l *lockout) fail(now time.Time) {
	if now.Sub(l.lastFailure) >= lockoutReset {
		l.failures = 0
	}
	l.failures++
	l.lastFailure = now
	if l.failures >= lockoutThreshold {
		l.failures = 0
		l.lockedUntil = now.Add(lockoutDuration)
	}
}
