package infisical

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

const testIdentity = "8f0c5a52-0000-4000-8000-000000000001"

// method is a way to log in other than universal auth, as a store and as a simulated identity have it.
type method struct {
	route string
	auth  v1.InfisicalAuth
	// good is the material that lets in, bad another that does not.
	good, bad provider.Material
}

// issuer signs what the simulator believes.
type issuer struct {
	key *ecdsa.PrivateKey
	f   *fixture

	mu       sync.Mutex
	requests []string // the accounts that tokens were requested for
	claims   infisical.Claims
	failure  error
}

// Token implements provider.Tokens.
func (i *issuer) Token(_ context.Context, account value.Value) (value.Value, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.requests = append(i.requests, string(account.Bytes()))
	if i.failure != nil {
		return value.Value{}, i.failure
	}
	return value.FromString(i.sign(i.claims, 10*time.Minute)), nil
}

func (i *issuer) sign(claims infisical.Claims, life time.Duration) string {
	claims.Expires = i.f.clock.Now().Add(life).Unix()
	return infisical.SignJWT(i.key, claims)
}

func (i *issuer) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.requests)
}

func selector(key string) v1.SecretKeySelector {
	return v1.SecretKeySelector{Name: ptr("login"), Key: ptr(key)}
}

func texts(pairs ...string) provider.Material {
	material := provider.Material{}
	for i := 0; i < len(pairs); i += 2 {
		material[pairs[i]] = value.FromString(pairs[i+1])
	}
	return material
}

// methods are all ways to log in that take an identityId, for one identity of the fixture.
func (f *fixture) methods() (map[string]method, *issuer) {
	f.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(f.t, err)
	robot := infisical.Claims{Subject: "system:serviceaccount:team:robot", Audience: []string{f.url}}
	i := &issuer{key: key, f: f, claims: robot}
	f.provider = New(WithTokens(i))
	f.provider.now = f.clock.Now
	f.AddIdentity(infisical.Identity{
		ID:            testIdentity,
		JWT:           &infisical.JWTAuth{Key: &key.PublicKey, Subject: "ci"},
		LDAP:          &infisical.LDAPAuth{Username: "alice", Password: " pass word "},
		Kubernetes:    &infisical.KubernetesAuth{Namespaces: []string{"team"}, Names: []string{"robot"}, Audience: f.url},
		Organizations: []string{"guild"},
	})
	jwt := func(life time.Duration) string { return i.sign(infisical.Claims{Subject: "ci"}, life) }
	return map[string]method{
		"jwt": {
			route: infisical.RouteLoginJWT,
			auth:  v1.InfisicalAuth{JWTAuthCredentials: &v1.InfisicalJWTAuth{IdentityID: selector("id"), JWT: selector("jwt")}},
			good:  texts("identityId", testIdentity, "jwt", jwt(time.Hour)+"\n"),
			bad:   texts("identityId", testIdentity, "jwt", jwt(-time.Hour)),
		},
		"ldap": {
			route: infisical.RouteLoginLDAP,
			auth: v1.InfisicalAuth{LDAPAuthCredentials: &v1.InfisicalLDAPAuth{
				IdentityID: selector("id"), LDAPUsername: selector("user"), LDAPPassword: selector("password"),
			}},
			good: texts("identityId", testIdentity, "ldapUsername", "alice", "ldapPassword", " pass word \n"),
			bad:  texts("identityId", testIdentity, "ldapUsername", "alice", "ldapPassword", "s3cret"),
		},
		"kubernetes": {
			route: infisical.RouteLoginKube,
			auth: v1.InfisicalAuth{KubernetesAuthCredentials: &v1.InfisicalKubernetesAuth{
				IdentityID: selector("id"), ServiceAccountRef: &v1.ServiceAccountSelector{Name: "robot"},
			}},
			good: texts("identityId", testIdentity+"\n", "serviceAccountRef", "team/robot"),
			bad:  texts("identityId", "8f0c5a52-0000-4000-8000-00000000dead", "serviceAccountRef", "team/robot"),
		},
	}, i
}

func (m method) edit(store *v1.InfisicalProvider) { store.Auth = m.auth }

func eachMethod(t *testing.T, test func(t *testing.T, f *fixture, m method, i *issuer)) {
	for _, name := range []string{"jwt", "ldap", "kubernetes"} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			methods, i := f.methods()
			test(t, f, methods[name], i)
		})
	}
}

func TestEachWayToLogInIsSharedByItsStores(t *testing.T) {
	eachMethod(t, func(t *testing.T, f *fixture, m method, _ *issuer) {
		f.SetSecret(testProject, "dev", "/", "KEY", "x")
		var clients []*client
		for range 5 {
			clients = append(clients, f.connectWith(m.good, m.edit))
		}
		for _, err := range together(20, func(n int) error {
			_, err := clients[n%5].Revalidate(t.Context(), root, nil, false)
			return err
		}) {
			require.NoError(t, err)
		}
		require.Equal(t, map[string]int{m.route: 1, infisical.RouteList: 20}, f.Requests.Counts())
		require.Equal(t, "x", valueOf(t, clients[0], "KEY"))

		f.RevokeTokens(testIdentity)
		_, err := clients[0].Revalidate(t.Context(), root, nil, false)
		require.NoError(t, err)
		require.Equal(t, 2, f.Requests.Count(m.route), "a withdrawn token is replaced")
	})
}

func TestEachRefusalIsHeldOff(t *testing.T) {
	eachMethod(t, func(t *testing.T, f *fixture, m method, _ *issuer) {
		var clients []*client
		for range 3 {
			clients = append(clients, f.connectWith(m.bad, m.edit))
		}
		for _, err := range together(12, func(n int) error { return clients[n%3].Check(t.Context()) }) {
			requireReason(t, provider.Unauthenticated, err)
		}
		require.Equal(t, map[string]int{m.route: 1}, f.Requests.Counts())
		require.NoError(t, f.connectWith(m.good, m.edit).Check(t.Context()), "another credential is tried at once")
		f.clock.Advance(holdOff)
		requireReason(t, provider.Unauthenticated, clients[0].Check(t.Context()))
		require.Equal(t, 3, f.Requests.Count(m.route))
	})
}

func TestEachWayToLogInNamesTheOrganization(t *testing.T) {
	eachMethod(t, func(t *testing.T, f *fixture, m method, _ *issuer) {
		of := func(organization string) func(*v1.InfisicalProvider) {
			return func(store *v1.InfisicalProvider) { store.SecretsScope.OrganizationSlug = ptr(organization) }
		}
		require.NoError(t, f.connectWith(m.good, m.edit, of("guild")).Check(t.Context()))
		requireReason(t, provider.Unauthenticated, f.connectWith(m.good, m.edit, of("other")).Check(t.Context()))
		require.Equal(t, 2, f.Requests.Count(m.route))
	})
}

func TestEachLoginThatFailsIsNoRefusal(t *testing.T) {
	eachMethod(t, func(t *testing.T, f *fixture, m method, _ *issuer) {
		f.Faults.Add(harness.HTML(502).On(m.route).For(1))
		c := f.connectWith(m.good, m.edit)
		requireReason(t, provider.Unavailable, c.Check(t.Context()))
		require.NoError(t, c.Check(t.Context()))
	})
}

func TestEachWayToLogInNeedsItsMaterial(t *testing.T) {
	eachMethod(t, func(t *testing.T, f *fixture, m method, _ *issuer) {
		for purpose := range m.good {
			if purpose == purposeAccount {
				continue
			}
			material := provider.Material{}
			for other, text := range m.good {
				material[other] = text
			}
			material[purpose] = value.FromString("\n")
			_, err := f.provider.Connect(f.spec(m.edit), material, nil)
			requireReason(t, provider.Invalid, err)
			require.ErrorContains(t, err, purpose+" refers to an empty value")
		}
	})
}

// TestLockedUserOfTheDirectory: three refusals lock everybody out, so the fourth is never asked for.
func TestLockedUserOfTheDirectory(t *testing.T) {
	f := start(t)
	methods, _ := f.methods()
	m := methods["ldap"]
	c := f.connectWith(m.bad, m.edit)
	for range 6 {
		requireReason(t, provider.Unauthenticated, c.Check(t.Context()))
		f.clock.Advance(holdOff / 2)
	}
	require.Equal(t, 3, f.Requests.Count(m.route))
	require.NoError(t, f.connectWith(m.good, m.edit).Check(t.Context()), "refusals a minute apart lock nobody out")
}

func TestAnotherUserOfTheDirectoryIsAnotherIdentity(t *testing.T) {
	f := start(t)
	methods, _ := f.methods()
	m := methods["ldap"]
	require.NoError(t, f.connectWith(m.good, m.edit).Check(t.Context()))
	swapped := texts("identityId", testIdentity, "ldapUsername", " pass word ", "ldapPassword", "alice")
	requireReason(t, provider.Unauthenticated, f.connectWith(swapped, m.edit).Check(t.Context()))
	require.Equal(t, 2, f.Requests.Count(m.route))
}
