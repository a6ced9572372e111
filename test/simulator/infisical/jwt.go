package infisical

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"
)

// JWTAuth is login by a JSON web token that is signed with a key, ES256. Empty
// fields are not checked.
type JWTAuth struct {
	Key       *ecdsa.PublicKey
	Issuer    string
	Subject   string
	Audiences []string
}

// Claims are those of a JSON web token that servers look at.
type Claims struct {
	Issuer   string   `json:"iss,omitempty"`
	Subject  string   `json:"sub,omitempty"`
	Audience audience `json:"aud,omitempty"`
	Expires  int64    `json:"exp,omitempty"`
}

// audience is one text or several.
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

func (s *Server) loginJWT(r *http.Request) (any, error) {
	request, err := readLogin(r, "identityId", "jwt")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.byID(request["identityId"])
	if i == nil || i.JWT == nil {
		return nil, notFound("JWT auth method not found for identity, did you configure JWT auth?")
	}
	if err := i.JWT.check(request["jwt"], s.clock()); err != nil {
		return nil, err
	}
	return s.enter(i, request)
}

func (a *JWTAuth) check(token string, now time.Time) error {
	claims, err := readJWT(token)
	if err != nil {
		return unauthorized("Invalid JWT")
	}
	if err := verifyJWT(a.Key, token, claims, now); err != nil {
		return unauthorized("Access denied: JWT verification failed with all keys. Errors - " + err.Error())
	}
	switch {
	case a.Issuer != "" && claims.Issuer != a.Issuer:
		return forbidden("Access denied: issuer mismatch")
	case a.Subject != "" && claims.Subject != a.Subject:
		return forbidden("Access denied: subject not allowed")
	case a.Audiences != nil && !slices.ContainsFunc(claims.Audience, func(of string) bool { return slices.Contains(a.Audiences, of) }):
		return unauthorized("Access denied: token audience not allowed")
	}
	return nil
}

// readJWT reads the claims of a token, whoever signed it.
func readJWT(token string) (*Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("jwt malformed")
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errors.New("jwt malformed")
	}
	var claims Claims
	if err := json.Unmarshal(text, &claims); err != nil {
		return nil, errors.New("jwt malformed")
	}
	return &claims, nil
}

func verifyJWT(key *ecdsa.PublicKey, token string, claims *Claims, now time.Time) error {
	end := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[end+1:])
	if err != nil || len(signature) != 64 {
		return errors.New("invalid signature")
	}
	digest := sha256.Sum256([]byte(token[:end]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(key, digest[:], r, s) {
		return errors.New("invalid signature")
	}
	if claims.Expires != 0 && now.Unix() >= claims.Expires {
		return errors.New("jwt expired")
	}
	return nil
}

// SignJWT makes a token with claims, signed with a P-256 key.
func SignJWT(key *ecdsa.PrivateKey, claims Claims) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err) // Texts and numbers always encode.
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"ES256","typ":"JWT"}`)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		panic(err) // The system has no randomness.
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + encode(signature)
}
