package connect

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Token is an access token. Vaults are the ids or names of the vaults that it
// reaches when it is added; none means all vaults, those added later included.
type Token struct {
	Value    string
	Vaults   []string
	ReadOnly bool
	// Expires is the time from which it is refused; zero means never.
	Expires time.Time

	ids []string
}

// AddToken adds a token and returns its value, which is made when empty.
func (s *Server) AddToken(token Token) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token.Value == "" {
		token.Value = "eyJhbGciOiJFUzI1NiJ9." + NewID() + ".not-a-signature"
	}
	for _, name := range token.Vaults {
		token.ids = append(token.ids, s.cloud.find(name).id)
	}
	s.tokens[token.Value] = &token
	return token.Value
}

// RevokeToken makes a token unknown.
func (s *Server) RevokeToken(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, value)
}

func (t *Token) reaches(w *world, vaultID string) bool {
	if len(t.Vaults) == 0 {
		return w.known[vaultID]
	}
	return slices.Contains(t.ids, vaultID)
}

// call is an authenticated request. Its handler holds the server's lock.
type call struct {
	*http.Request
	token *Token
	vault *vault
	item  *record
}

// authenticated wraps a handler that needs a token. The handler runs with the
// server locked and Connect's copy up to date.
func (s *Server) authenticated(next func(*call) (any, error)) handler {
	return func(r *http.Request) (any, error) {
		if err := s.awaitSync(r); err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		token, err := s.authenticate(r)
		if err != nil {
			return nil, err
		}
		s.advance(s.clock())
		return next(&call{Request: r, token: token})
	}
}

func (s *Server) authenticate(r *http.Request) (*Token, error) {
	value, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil, failf(http.StatusUnauthorized, "Invalid bearer token")
	}
	if s.behaviour.RefuseFirst && !s.refused {
		s.refused = true
		return nil, failf(http.StatusUnauthorized, "invalid bearer token")
	}
	token := s.tokens[value]
	if token == nil {
		return nil, failf(http.StatusUnauthorized, "Invalid token signature")
	}
	if !token.Expires.IsZero() && !s.clock().Before(token.Expires) {
		return nil, failf(http.StatusUnauthorized, "Invalid bearer token")
	}
	s.unlocked = true
	return token, nil
}

// inVault wraps a handler of a vault's sub-tree. Authorization comes before
// existence: a vault that the token does not reach is forbidden, whether it
// exists or not.
func (s *Server) inVault(next func(*call) (any, error)) handler {
	return s.authenticated(func(c *call) (result any, err error) {
		defer func() { s.activity.add(c, s.now(), err) }()
		id := c.PathValue("vault")
		if !idPattern.MatchString(id) {
			return nil, failf(http.StatusBadRequest, "Invalid Vault UUID")
		}
		s.calls++
		flaky := s.behaviour.ForbidEvery > 0 && s.calls%s.behaviour.ForbidEvery == 0
		if flaky || !c.token.reaches(s.synced, id) {
			return nil, failf(http.StatusForbidden, "Authorization: token does not have access to vault %s", id)
		}
		if c.vault = s.synced.byID[id]; c.vault == nil {
			return nil, failf(http.StatusNotFound, "vault %s not found", id)
		}
		if c.Method != http.MethodGet && c.token.ReadOnly {
			return nil, failf(http.StatusForbidden, "Authorization: token does not have permission to perform %s on vault %s", action(c.Method), id)
		}
		return next(c)
	})
}

// withItem wraps a handler of one item.
func (s *Server) withItem(next func(*call) (any, error)) handler {
	return s.inVault(func(c *call) (any, error) {
		id := c.PathValue("item")
		if !idPattern.MatchString(id) {
			return nil, failf(http.StatusBadRequest, "Invalid Item UUID")
		}
		c.item = c.vault.items[id]
		if c.item == nil || !visible(c.item.item, s.behaviour.ReadArchived) {
			return nil, failf(http.StatusNotFound, "item %s not found", id)
		}
		return next(c)
	})
}

func action(method string) string {
	switch method {
	case http.MethodPost:
		return "create"
	case http.MethodDelete:
		return "delete"
	case http.MethodPut, http.MethodPatch:
		return "update"
	default:
		return "read"
	}
}
