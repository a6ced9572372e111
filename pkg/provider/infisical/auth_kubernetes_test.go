package infisical

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

func TestTokensOfServiceAccounts(t *testing.T) {
	f := start(t)
	methods, i := f.methods()
	m := methods["kubernetes"]
	c := f.connectWith(m.good, m.edit)
	require.Zero(t, i.count(), "a token is requested for a login and not before")
	for range 5 {
		_, err := c.Revalidate(t.Context(), root, nil, false)
		require.NoError(t, err)
	}
	require.Equal(t, []string{"team/robot"}, i.requests)
	f.RevokeTokens(testIdentity)
	_, err := c.Revalidate(t.Context(), root, nil, false)
	require.NoError(t, err)
	require.Equal(t, 2, i.count(), "each login has a new one")

	another := f.connectWith(texts("identityId", testIdentity, "serviceAccountRef", "team/other"), m.edit)
	require.NoError(t, another.Check(t.Context()))
	require.Equal(t, 3, i.count(), "another service account is another identity")
}

func TestServiceAccountsThatAreRefused(t *testing.T) {
	f := start(t)
	methods, i := f.methods()
	m := methods["kubernetes"]
	for name, claims := range map[string]infisical.Claims{
		"namespace": {Subject: "system:serviceaccount:other:robot", Audience: []string{f.url}},
		"name":      {Subject: "system:serviceaccount:team:other", Audience: []string{f.url}},
		"audience":  {Subject: "system:serviceaccount:team:robot", Audience: []string{"https://elsewhere"}},
	} {
		i.claims = claims
		err := f.connectWith(texts("identityId", testIdentity, "serviceAccountRef", name), m.edit).Check(t.Context())
		requireReason(t, provider.Unauthenticated, err)
		require.ErrorContains(t, err, "the identity must allow the service account and the audience of its tokens")
	}
}

func TestHostThatIssuesNoToken(t *testing.T) {
	f := start(t)
	methods, i := f.methods()
	m := methods["kubernetes"]
	i.failure = provider.Errorf(provider.Unavailable, "the host is away")
	c := f.connectWith(m.good, m.edit)
	for range 2 {
		err := c.Check(t.Context())
		requireReason(t, provider.Unavailable, err)
		require.ErrorContains(t, err, "logging in: the host is away")
	}
	require.Equal(t, 2, i.count())
	i.failure = provider.Errorf(provider.Invalid, "the host does not allow it")
	for range 5 {
		requireReason(t, provider.Invalid, c.Check(t.Context()))
	}
	require.Equal(t, 3, i.count(), "what brings nothing is held off")
	require.Zero(t, f.Requests.Total(), "nobody is asked to let in whom nothing proves")
	i.failure = nil
	f.clock.Advance(holdOff)
	require.NoError(t, c.Check(t.Context()))

	_, err := New().Connect(f.spec(m.edit), m.good, nil)
	requireReason(t, provider.Invalid, err)
	require.ErrorContains(t, err, "no cluster")
}

func TestAudiences(t *testing.T) {
	f := start(t)
	methods, _ := f.methods()
	references := func(edits ...func(*v1.InfisicalProvider)) provider.Reference {
		all := f.provider.References(f.spec(append([]func(*v1.InfisicalProvider){methods["kubernetes"].edit}, edits...)...))
		require.Len(t, all, 2)
		return all[1]
	}
	require.Equal(t, provider.Reference{
		Purpose: "serviceAccountRef", ServiceAccount: true, Name: "robot", Audiences: []string{f.url},
		Field: "provider.infisical.auth.kubernetesAuthCredentials.serviceAccountRef",
	}, references())
	for host, audience := range map[string]string{
		"":                             "https://app.infisical.com",
		"https://EU.infisical.com/api": "https://eu.infisical.com",
		"http://infisical:8080/a/b//":  "http://infisical:8080/a/b",
	} {
		require.Equal(t, []string{audience}, references(func(store *v1.InfisicalProvider) { store.HostAPI = ptr(host) }).Audiences)
	}
	unnamed := references(func(store *v1.InfisicalProvider) {
		store.Auth = v1.InfisicalAuth{KubernetesAuthCredentials: &v1.InfisicalKubernetesAuth{IdentityID: selector("id")}}
	})
	require.Equal(t, "default", unnamed.Name)
	require.Empty(t, unnamed.Namespace)
	named := references(func(store *v1.InfisicalProvider) {
		account := store.Auth.KubernetesAuthCredentials.ServiceAccountRef
		account.Namespace, account.Audiences = ptr("robots"), []string{"a", strings.Repeat("b", 9)}
	})
	require.Equal(t, "robots", named.Namespace)
	require.Equal(t, []string{"a", "bbbbbbbbb"}, named.Audiences)
}
