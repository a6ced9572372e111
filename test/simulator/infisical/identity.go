package infisical

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// The defaults of universal auth for lockout, and of tokens.
const (
	lockoutThreshold = 3
	lockoutDuration  = 300 * time.Second
	lockoutReset     = 30 * time.Second
	defaultTTL       = 2592000 * time.Second
)

// Identity is a machine identity with universal auth.
type Identity struct {
	ClientID     string
	ClientSecret string
	// TTL and MaxTTL are the life of a token and of its renewals; 30 days when 0.
	TTL    time.Duration
	MaxTTL time.Duration
	// TokenUses is how many requests a token is good for; 0 means any number.
	TokenUses int
	// SecretUses is how many logins the client secret is good for; 0 means any number.
	SecretUses int
	// SecretExpires is the time from which the client secret is refused; zero means never.
	SecretExpires time.Time
	// Projects are the slugs of the projects that it is a member of; none means all.
	Projects []string
	// Rules restrict what it may read; the last one that matches holds.
	Rules []Rule
	// NoLockout turns lockout off.
	NoLockout bool
}

type identity struct {
	Identity
	id          string
	logins      int
	failures    int
	lastFailure time.Time
	lockedUntil time.Time
	retired     bool // its client secret has been used up
}

// AddIdentity adds an identity, or replaces the one with its client id; tokens
// that were issued before stay good.
func (s *Server) AddIdentity(added Identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if added.TTL == 0 {
		added.TTL = defaultTTL
	}
	if added.MaxTTL == 0 {
		added.MaxTTL = max(defaultTTL, added.TTL)
	}
	id := newUUID()
	if old := s.identities[added.ClientID]; old != nil {
		id = old.id
	}
	s.identities[added.ClientID] = &identity{Identity: added, id: id}
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

// RemoveIdentity deletes an identity and its tokens.
func (s *Server) RemoveIdentity(clientID string) {
	s.RevokeTokens(clientID)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.identities, clientID)
}

type loginRequest struct {
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
}

func (s *Server) login(r *http.Request) (any, error) {
	var request loginRequest
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return nil, badRequest("Body is not valid JSON")
	}
	if request.ClientID == "" || request.ClientSecret == "" {
		return nil, invalid("invalid_type", "clientId", "Required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.identities[request.ClientID]
	if i == nil {
		return nil, unauthorized("Invalid credentials")
	}
	if err := i.check(request.ClientSecret, s.clock()); err != nil {
		return nil, err
	}
	i.logins++
	return s.issue(i), nil
}

// check verifies a client secret and keeps count of refusals.
func (i *identity) check(secret string, now time.Time) error {
	if now.Before(i.lockedUntil) {
		return unauthorized("This identity auth method is temporarily locked, please try again later")
	}
	if secret != i.ClientSecret || i.retired {
		i.fail(now)
		return unauthorized("Invalid credentials")
	}
	if !i.SecretExpires.IsZero() && !now.Before(i.SecretExpires) {
		return unauthorized("Access denied due to expired client secret")
	}
	if i.SecretUses > 0 && i.logins >= i.SecretUses {
		i.retired = true
		return unauthorized("Access denied due to client secret usage limit reached")
	}
	i.failures = 0
	return nil
}

func (i *identity) fail(now time.Time) {
	if i.NoLockout {
		return
	}
	if now.Sub(i.lastFailure) >= lockoutReset {
		i.failures = 0
	}
	i.failures++
	i.lastFailure = now
	if i.failures >= lockoutThreshold {
		i.failures = 0
		i.lockedUntil = now.Add(lockoutDuration)
	}
}
