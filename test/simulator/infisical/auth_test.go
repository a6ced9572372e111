package infisical_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

func expectFailure(t *testing.T, got answer, status int, name, message string) {
	t.Helper()
	f := decode[failure](t, got.body)
	if got.status != status || f.StatusCode != status || f.Error != name || f.Message != message || f.ReqID == "" {
		t.Errorf("got %d %+v, want %d %s %q", got.status, f, status, name, message)
	}
}

func TestLogin(t *testing.T) {
	sim, _ := start(t, infisical.Options{})
	got := decode[map[string]any](t, login(t, sim, clientID, clientSecret).body)
	if got["expiresIn"] != 2592000.0 || got["accessTokenMaxTTL"] != 2592000.0 || got["tokenType"] != "Bearer" || got["accessToken"] == "" {
		t.Errorf("login: %v", got)
	}
	expectFailure(t, login(t, sim, "unknown", clientSecret), 401, "UnauthorizedError", "Invalid credentials")
	if got := login(t, sim, "", ""); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an empty login: %+v", got)
	}
}

func TestLockout(t *testing.T) {
	clock := harness.NewClock()
	sim, _ := start(t, infisical.Options{Clock: clock.Now})
	const locked = "This identity auth method is temporarily locked, please try again later"

	login(t, sim, clientID, "wrong")
	login(t, sim, clientID, "wrong")
	clock.Advance(30 * time.Second) // The count starts anew.
	for range 3 {
		expectFailure(t, login(t, sim, clientID, "wrong"), 401, "UnauthorizedError", "Invalid credentials")
	}
	expectFailure(t, login(t, sim, clientID, clientSecret), 401, "UnauthorizedError", locked)
	clock.Advance(300*time.Second - time.Nanosecond)
	expectFailure(t, login(t, sim, clientID, clientSecret), 401, "UnauthorizedError", locked)
	clock.Advance(time.Nanosecond)
	if got := login(t, sim, clientID, clientSecret); got.status != http.StatusOK {
		t.Errorf("after the lockout: %+v", got)
	}
}

func TestClientSecretEnds(t *testing.T) {
	clock := harness.NewClock()
	sim, _ := start(t, infisical.Options{Clock: clock.Now})
	sim.AddIdentity(infisical.Identity{ClientID: "few", ClientSecret: "s", SecretUses: 1})
	sim.AddIdentity(infisical.Identity{ClientID: "brief", ClientSecret: "s", SecretExpires: clock.Now().Add(time.Minute)})

	token(t, sim, "few", "s")
	expectFailure(t, login(t, sim, "few", "s"), 401, "UnauthorizedError", "Access denied due to client secret usage limit reached")
	token(t, sim, "brief", "s")
	clock.Advance(time.Minute)
	expectFailure(t, login(t, sim, "brief", "s"), 401, "UnauthorizedError", "Access denied due to expired client secret")
	sim.SetClientSecret(clientID, "rotated")
	expectFailure(t, login(t, sim, clientID, clientSecret), 401, "UnauthorizedError", "Invalid credentials")
	token(t, sim, clientID, "rotated")
}

func TestTokens(t *testing.T) {
	clock := harness.NewClock()
	sim, _ := start(t, infisical.Options{Clock: clock.Now})
	sim.AddIdentity(infisical.Identity{ClientID: "short", ClientSecret: "s", TTL: time.Minute, MaxTTL: 90 * time.Second})
	sim.AddIdentity(infisical.Identity{ClientID: "twice", ClientSecret: "s", TokenUses: 2})
	sim.AddIdentity(infisical.Identity{ClientID: "revoked", ClientSecret: "s"})
	address := sim.URL() + list()
	get := func(token string) answer { return request(t, "GET", address, token, "") }
	renew := func(token string) answer {
		return request(t, "POST", sim.URL()+"/api/v1/auth/token/renew", "", `{"accessToken":"`+token+`"}`)
	}

	expectFailure(t, get(""), 401, "UnauthorizedError", "Token missing")
	expectFailure(t, get("x"), 403, "TokenError",
		"The provided access token is malformed. Please use a valid token or generate a new one and try again.")
	expectFailure(t, get("a.b.c"), 403, "TokenError", "invalid signature")

	revoked := token(t, sim, "revoked", "s")
	sim.RevokeTokens("revoked")
	expectFailure(t, get(revoked), 401, "UnauthorizedError", "No identity access token found")

	twice := token(t, sim, "twice", "s")
	if first, second := get(twice).status, get(twice).status; first != 200 || second != 200 {
		t.Errorf("uses within the limit: %d, %d", first, second)
	}
	expectFailure(t, get(twice), 401, "UnauthorizedError", "Unable to renew because access token number of uses limit reached")
	expectFailure(t, get(twice), 401, "UnauthorizedError", "No identity access token found")

	first := token(t, sim, "short", "s")
	clock.Advance(59 * time.Second)
	renewed := decode[map[string]any](t, renew(first).body)
	if renewed["expiresIn"] != 31.0 || renewed["accessToken"] == first {
		t.Errorf("renewed: %v", renewed)
	}
	clock.Advance(time.Second)
	expectFailure(t, get(first), 403, "TokenError", "Your token has expired. Please re-authenticate.")
	if got := get(renewed["accessToken"].(string)); got.status != http.StatusOK {
		t.Errorf("a renewed token: %+v", got)
	}

	sim.Change(func(b *infisical.Behaviour) { b.StrictRenewal = true })
	strict := token(t, sim, "short", "s")
	clock.Advance(59 * time.Second)
	expectFailure(t, renew(strict), 401, "UnauthorizedError", "Failed to renew MI access token past its Max TTL expiration")
	expectFailure(t, get(strict), 401, "UnauthorizedError", "No identity access token found")
}

func TestRateLimits(t *testing.T) {
	clock := harness.NewClock()
	sim, _ := start(t, infisical.Options{Clock: clock.Now})
	access := token(t, sim, clientID, clientSecret)
	if got := request(t, "GET", sim.URL()+list(), access, ""); got.header.Get("X-Ratelimit-Limit") != "" {
		t.Errorf("a self-hosted server limits: %v", got.header)
	}
	sim.Change(func(b *infisical.Behaviour) { b.RateLimits = &infisical.RateLimits{Read: 9, Write: 9, Secret: 2} })
	if got := request(t, "GET", sim.URL()+list(), access, ""); got.header.Get("X-Ratelimit-Remaining") != "1" {
		t.Errorf("first: %v", got.header)
	}
	clock.Advance(18 * time.Second)
	request(t, "GET", sim.URL()+list(), access, "")
	got := request(t, "GET", sim.URL()+list(), access, "")
	expectFailure(t, got, 429, "RateLimitExceeded", "Rate limit exceeded. Please try again in 42 seconds")
	for name, want := range map[string]string{
		"Retry-After": "42", "X-Ratelimit-Limit": "2", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": "42",
	} {
		if got := got.header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if got := login(t, sim, clientID, clientSecret); got.status != http.StatusOK {
		t.Errorf("another class: %+v", got)
	}
	clock.Advance(42 * time.Second)
	if got := request(t, "GET", sim.URL()+list(), access, ""); got.status != http.StatusOK {
		t.Errorf("the next minute: %+v", got)
	}
}
