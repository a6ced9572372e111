package infisical

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// LDAPAuth is one user of the directory that an identity is bound to.
type LDAPAuth struct {
	Username string
	Password string
}

// loginRequest are the fields of a login by name.
type loginRequest map[string]string

// readLogin reads a login that must have some fields.
func readLogin(r *http.Request, required ...string) (loginRequest, error) {
	var request loginRequest
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return nil, badRequest("Body is not valid JSON")
	}
	for _, name := range required {
		if request[name] == "" {
			return nil, invalid("invalid_type", name, "Required")
		}
	}
	return request, nil
}

// enter logs an identity in, to the organization that it asks for.
func (s *Server) enter(i *identity, request loginRequest) (any, error) {
	organization := request["organizationSlug"]
	if organization != "" && i.Organizations != nil && !slices.Contains(i.Organizations, organization) {
		return nil, notFound("Sub organization with slug %s not found", organization)
	}
	i.logins++
	return s.issue(i), nil
}

func (s *Server) login(r *http.Request) (any, error) {
	request, err := readLogin(r, "clientId", "clientSecret")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.identities[request["clientId"]]
	if i == nil || i.ClientID == "" {
		return nil, unauthorized("Invalid credentials")
	}
	if err := i.check(request["clientSecret"], s.clock()); err != nil {
		return nil, err
	}
	return s.enter(i, request)
}

// check verifies a client secret and keeps count of refusals.
func (i *identity) check(secret string, now time.Time) error {
	if err := i.universal.check(now); err != nil {
		return err
	}
	if secret != i.ClientSecret || i.retired {
		if !i.NoLockout {
			i.universal.fail(now)
		}
		return unauthorized("Invalid credentials")
	}
	if !i.SecretExpires.IsZero() && !now.Before(i.SecretExpires) {
		return unauthorized("Access denied due to expired client secret")
	}
	if i.SecretUses > 0 && i.logins >= i.SecretUses {
		i.retired = true
		return unauthorized("Access denied due to client secret usage limit reached")
	}
	i.universal.failures = 0
	return nil
}

func (s *Server) loginLDAP(r *http.Request) (any, error) {
	request, err := readLogin(r, "identityId", "username", "password")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, now := s.byID(request["identityId"]), s.clock()
	if i == nil || i.LDAP == nil {
		return nil, unauthorized("Invalid credentials")
	}
	if err := i.ldap.check(now); err != nil {
		return nil, err
	}
	if (LDAPAuth{request["username"], request["password"]}) != *i.LDAP {
		if !i.NoLockout {
			i.ldap.fail(now)
		}
		return nil, unauthorized("Invalid credentials")
	}
	i.ldap.failures = 0
	return s.enter(i, request)
}
