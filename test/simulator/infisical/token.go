package infisical

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// token is one access token; a renewal shares its life with the first one.
type token struct {
	identity *identity
	life     *life
	expires  time.Time
}

// life is what the renewals of a token have in common.
type life struct {
	id      string
	began   time.Time
	uses    int
	revoked bool
}

type tokenResponse struct {
	AccessToken       string `json:"accessToken"`
	ExpiresIn         int64  `json:"expiresIn"`
	AccessTokenMaxTTL int64  `json:"accessTokenMaxTTL"`
	TokenType         string `json:"tokenType"`
}

// issue makes the first token of an identity's login.
func (s *Server) issue(i *identity) tokenResponse {
	now := s.clock()
	return s.sign(&token{
		identity: i,
		life:     &life{id: newUUID(), began: now},
		expires:  now.Add(min(i.TTL, i.MaxTTL)),
	}, now)
}

// sign gives a token its text: a JWT in shape, with a signature that nobody can check.
func (s *Server) sign(t *token, now time.Time) tokenResponse {
	claims, err := json.Marshal(map[string]any{
		"identityId":            t.identity.ID,
		"identityAccessTokenId": t.life.id,
		"authTokenType":         "identityAccessToken",
		"iat":                   now.Unix(),
		"exp":                   t.expires.Unix(),
		"jti":                   newUUID(),
	})
	if err != nil {
		panic(err) // Strings and integers always encode.
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(claims) + ".c2ltdWxhdGVk"
	s.tokens[text] = t
	return tokenResponse{
		AccessToken:       text,
		ExpiresIn:         int64(t.expires.Sub(now) / time.Second),
		AccessTokenMaxTTL: int64(t.identity.MaxTTL / time.Second),
		TokenType:         "Bearer",
	}
}

// verify finds a token. As in the server, a token that cannot be verified is
// answered 403, one that was withdrawn 401.
func (s *Server) verify(text string) (*token, error) {
	t := s.tokens[text]
	switch {
	case t == nil && strings.Count(text, ".") != 2:
		return nil, tokenError("The provided access token is malformed. Please use a valid token or generate a new one and try again.")
	case t == nil:
		return nil, tokenError("invalid signature")
	case !s.clock().Before(t.expires):
		return nil, tokenError("Your token has expired. Please re-authenticate.")
	case t.life.revoked:
		return nil, unauthorized("No identity access token found")
	}
	return t, nil
}

func (s *Server) authenticate(r *http.Request) (*token, error) {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil, unauthorized("Token missing")
	}
	t, err := s.verify(text)
	if err != nil {
		return nil, err
	}
	if limit := t.identity.TokenUses; limit > 0 && t.life.uses >= limit {
		t.life.revoked = true
		return nil, unauthorized("Unable to renew because access token number of uses limit reached")
	}
	t.life.uses++
	return t, nil
}

func readToken(r *http.Request) (string, error) {
	var request struct {
		AccessToken string `json:"accessToken"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return "", badRequest("Body is not valid JSON")
	}
	return request.AccessToken, nil
}

func (s *Server) renew(r *http.Request) (any, error) {
	text, err := readToken(r)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.verify(text)
	if err != nil {
		return nil, err
	}
	now := s.clock()
	end := t.life.began.Add(t.identity.MaxTTL)
	expires := now.Add(t.identity.TTL)
	if !now.Before(end) || s.behaviour.StrictRenewal && expires.After(end) {
		t.life.revoked = true
		return nil, unauthorized("Failed to renew MI access token past its Max TTL expiration")
	}
	if expires.After(end) {
		expires = end
	}
	return s.sign(&token{identity: t.identity, life: t.life, expires: expires}, now), nil
}

func (s *Server) revoke(r *http.Request) (any, error) {
	text, err := readToken(r)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.verify(text)
	if err != nil {
		return nil, err
	}
	t.life.revoked = true
	return map[string]string{"message": "Successfully revoked access token"}, nil
}

// RevokeTokens withdraws all tokens of an identity, named by its client id or id.
func (s *Server) RevokeTokens(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		if t.identity.key() == key {
			t.life.revoked = true
		}
	}
}
