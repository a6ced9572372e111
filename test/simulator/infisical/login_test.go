package infisical_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

const identityID = "11111111-0000-4000-8000-000000000001"

// enter logs in by a method, with fields given as name and value in turn.
func enter(t *testing.T, sim *infisical.Server, method string, fields ...string) answer {
	t.Helper()
	body := map[string]string{}
	for n := 0; n < len(fields); n += 2 {
		body[fields[n]] = fields[n+1]
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return request(t, "POST", sim.URL()+"/api/v1/auth/"+method+"/login", "", string(text), "Content-Type", "application/json")
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// expectLogin checks that an answer holds a token that works.
func expectLogin(t *testing.T, sim *infisical.Server, got answer) {
	t.Helper()
	if got.status != http.StatusOK {
		t.Fatalf("a login: %+v", got)
	}
	access := decode[map[string]any](t, got.body)["accessToken"].(string)
	if got := request(t, "GET", sim.URL()+list(), access, ""); got.status != http.StatusOK {
		t.Errorf("a list with the token: %+v", got)
	}
}

func TestLoginByJWT(t *testing.T) {
	clock := harness.NewClock()
	sim, _ := start(t, infisical.Options{Clock: clock.Now})
	key, other := newKey(t), newKey(t)
	sim.AddIdentity(infisical.Identity{ID: identityID, JWT: &infisical.JWTAuth{
		Key: &key.PublicKey, Issuer: "https://ci", Subject: "job", Audiences: []string{"infisical"},
	}})
	claims := func(edit func(*infisical.Claims)) infisical.Claims {
		c := infisical.Claims{Issuer: "https://ci", Subject: "job", Audience: []string{"x", "infisical"}, Expires: clock.Now().Add(time.Minute).Unix()}
		edit(&c)
		return c
	}
	good := infisical.SignJWT(key, claims(func(*infisical.Claims) {}))
	expectLogin(t, sim, enter(t, sim, "jwt-auth", "identityId", identityID, "jwt", good))
	for name, test := range map[string]struct {
		token   string
		status  int
		message string
	}{
		"text":          {"text", 401, "Invalid JWT"},
		"another key":   {infisical.SignJWT(other, claims(func(*infisical.Claims) {})), 401, "Access denied: JWT verification failed with all keys. Errors - invalid signature"},
		"expired":       {infisical.SignJWT(key, claims(func(c *infisical.Claims) { c.Expires = clock.Now().Unix() })), 401, "Access denied: JWT verification failed with all keys. Errors - jwt expired"},
		"other issuer":  {infisical.SignJWT(key, claims(func(c *infisical.Claims) { c.Issuer = "x" })), 403, "Access denied: issuer mismatch"},
		"other subject": {infisical.SignJWT(key, claims(func(c *infisical.Claims) { c.Subject = "x" })), 403, "Access denied: subject not allowed"},
		"not for us":    {infisical.SignJWT(key, claims(func(c *infisical.Claims) { c.Audience = []string{"x"} })), 401, "Access denied: token audience not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			class := map[int]string{401: "UnauthorizedError", 403: "ForbiddenRequestError"}[test.status]
			expectFailure(t, enter(t, sim, "jwt-auth", "identityId", identityID, "jwt", test.token), test.status, class, test.message)
		})
	}
	expectFailure(t, enter(t, sim, "jwt-auth", "identityId", "unknown", "jwt", good), 404, "NotFound",
		"JWT auth method not found for identity, did you configure JWT auth?")
	if got := enter(t, sim, "jwt-auth", "identityId", identityID); got.status != http.StatusUnprocessableEntity {
		t.Errorf("without a token: %+v", got)
	}
}

func TestLoginByLDAP(t *testing.T) {
	clock := harness.NewClock()
	sim, _ := start(t, infisical.Options{Clock: clock.Now})
	sim.AddIdentity(infisical.Identity{ID: identityID, LDAP: &infisical.LDAPAuth{Username: "alice", Password: "password"}, Organizations: []string{"guild"}})
	as := func(user, password string, more ...string) answer {
		return enter(t, sim, "ldap-auth", append([]string{"identityId", identityID, "username", user, "password", password}, more...)...)
	}
	expectLogin(t, sim, as("alice", "password", "organizationSlug", "guild"))
	expectFailure(t, as("alice", "password", "organizationSlug", "other"), 404, "NotFound", "Sub organization with slug other not found")
	for _, wrong := range [][2]string{{"password", "alice"}, {"alice", "wrong"}, {"bob", "password"}} {
		expectFailure(t, as(wrong[0], wrong[1]), 401, "UnauthorizedError", "Invalid credentials")
	}
	const locked = "This identity auth method is temporarily locked, please try again later"
	expectFailure(t, as("alice", "password"), 401, "UnauthorizedError", locked)
	clock.Advance(300 * time.Second)
	expectLogin(t, sim, as("alice", "password"))
	expectFailure(t, enter(t, sim, "ldap-auth", "identityId", "unknown", "username", "a", "password", "b"), 401, "UnauthorizedError", "Invalid credentials")
}

func TestLoginByServiceAccount(t *testing.T) {
	clock := harness.NewClock()
	sim, _ := start(t, infisical.Options{Clock: clock.Now})
	sim.AddIdentity(infisical.Identity{ID: identityID, Kubernetes: &infisical.KubernetesAuth{
		Namespaces: []string{"team"}, Names: []string{"robot"}, Audience: "https://infisical",
	}})
	key := newKey(t)
	as := func(subject, audience string, life time.Duration) answer {
		token := infisical.SignJWT(key, infisical.Claims{Subject: subject, Audience: []string{audience}, Expires: clock.Now().Add(life).Unix()})
		return enter(t, sim, "kubernetes-auth", "identityId", identityID, "jwt", token)
	}
	const robot = "system:serviceaccount:team:robot"
	expectLogin(t, sim, as(robot, "https://infisical", time.Minute))
	expectFailure(t, as(robot, "https://kubernetes", time.Minute), 401, "UnauthorizedError", "Access denied: K8s audience not allowed.")
	expectFailure(t, as("system:serviceaccount:else:robot", "https://infisical", time.Minute), 401, "UnauthorizedError", "Access denied: K8s namespace not allowed.")
	expectFailure(t, as("system:serviceaccount:team:else", "https://infisical", time.Minute), 401, "UnauthorizedError", "Access denied: K8s name not allowed.")
	expectFailure(t, as("alice", "https://infisical", time.Minute), 401, "KubernetesTokenReviewError", "Kubernetes token not authenticated")
	expectFailure(t, as(robot, "https://infisical", 0), 401, "KubernetesTokenReviewError", "[invalid bearer token, service account token has expired]")
	expectFailure(t, enter(t, sim, "kubernetes-auth", "identityId", "unknown", "jwt", "x"), 404, "NotFound",
		"Kubernetes auth method not found for identity, did you configure Kubernetes auth?")
}

// TestServiceAccountsAreReviewed has a stand-in for an API server say who it is.
func TestServiceAccountsAreReviewed(t *testing.T) {
	status, code := `{"authenticated":true,"audiences":["aud"],"user":{"username":"system:serviceaccount:team:robot"}}`, http.StatusCreated
	var asked, by string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked, by = r.URL.Path+string(body), r.Header.Get("Authorization")
		w.WriteHeader(code)
		io.WriteString(w, `{"status":`+status+`}`)
	}))
	t.Cleanup(api.Close)
	sim, _ := start(t, infisical.Options{})
	sim.AddIdentity(infisical.Identity{ID: identityID, Kubernetes: &infisical.KubernetesAuth{Host: api.URL, ReviewerToken: "reviewer", Audience: "aud"}})
	try := func() answer { return enter(t, sim, "kubernetes-auth", "identityId", identityID, "jwt", "opaque") }

	expectLogin(t, sim, try())
	if asked != `/apis/authentication.k8s.io/v1/tokenreviews{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"audiences":["aud"],"token":"opaque"}}` || by != "Bearer reviewer" {
		t.Errorf("the review: %s by %s", asked, by)
	}
	status = `{"error":"no"}`
	expectFailure(t, try(), 401, "KubernetesTokenReviewError", "no")
	status = `{}`
	expectFailure(t, try(), 401, "KubernetesTokenReviewError", "Kubernetes token not authenticated")
	code = http.StatusForbidden
	expectFailure(t, try(), 400, "BadRequest", "the API server answered 403")
}
