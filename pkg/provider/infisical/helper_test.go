package infisical

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

const (
	testID      = "client-id"
	testSecret  = "client-secret"
	testProject = "shop"
)

// fixture is a simulated instance with one identity and one project, and a provider whose clock is the simulator's.
type fixture struct {
	*infisical.Server
	t        *testing.T
	clock    *harness.Clock
	provider *Provider
	url      string
}

func start(t *testing.T) *fixture {
	t.Helper()
	clock := harness.NewClock()
	f := &fixture{Server: infisical.New(infisical.Options{Clock: clock.Now}), t: t, clock: clock}
	f.AddIdentity(infisical.Identity{ClientID: testID, ClientSecret: testSecret})
	f.AddProject(testProject)
	f.url = f.Start()
	t.Cleanup(f.Server.Close)
	f.provider = New()
	f.provider.now = clock.Now
	return f
}

// spec is a store of the fixture's project, after edits.
func (f *fixture) spec(edits ...func(*v1.InfisicalProvider)) *v1.SecretStoreProvider {
	selector := func(key string) v1.SecretKeySelector { return v1.SecretKeySelector{Name: ptr("login"), Key: ptr(key)} }
	store := &v1.InfisicalProvider{
		HostAPI: ptr(f.url),
		Auth: v1.InfisicalAuth{UniversalAuthCredentials: &v1.InfisicalUniversalAuth{
			ClientID: selector("id"), ClientSecret: selector("secret"),
		}},
		SecretsScope: v1.InfisicalScope{ProjectSlug: testProject, EnvironmentSlug: "dev"},
	}
	for _, edit := range edits {
		edit(store)
	}
	return &v1.SecretStoreProvider{Infisical: store}
}

func in(path string, recursive bool) func(*v1.InfisicalProvider) {
	return func(store *v1.InfisicalProvider) {
		store.SecretsScope.SecretsPath, store.SecretsScope.Recursive = ptr(path), ptr(recursive)
	}
}

func withToken(store *v1.InfisicalProvider) {
	store.Auth = v1.InfisicalAuth{TokenAuthCredentials: &v1.InfisicalTokenAuth{
		AccessToken: v1.SecretKeySelector{Name: ptr("login"), Key: ptr("token")},
	}}
}

func credentials(secret string) provider.Material {
	return provider.Material{"clientId": value.FromString(testID), "clientSecret": value.FromString(secret)}
}

// connect is a client with the identity's true credential.
func (f *fixture) connect(edits ...func(*v1.InfisicalProvider)) *client {
	f.t.Helper()
	return f.connectWith(credentials(testSecret), edits...)
}

func (f *fixture) connectWith(material provider.Material, edits ...func(*v1.InfisicalProvider)) *client {
	f.t.Helper()
	c, err := f.provider.Connect(f.spec(edits...), material, nil)
	require.NoError(f.t, err)
	f.t.Cleanup(c.Close)
	return c.(*client)
}

func (f *fixture) counts(logins, lists, gets int) {
	f.t.Helper()
	require.Equal(f.t, []int{logins, lists, gets}, []int{
		f.Requests.Count(infisical.RouteLogin), f.Requests.Count(infisical.RouteList), f.Requests.Count(infisical.RouteGet),
	}, "logins, lists and gets")
}

// view holds what was asked for, as a Source does.
type view struct {
	pictures map[provider.Scope]provider.Picture
	failures map[provider.Scope]error
	parts    map[provider.PartID]provider.Part
	refused  map[provider.PartID]error
}

func newView() *view {
	return &view{
		pictures: map[provider.Scope]provider.Picture{}, failures: map[provider.Scope]error{},
		parts: map[provider.PartID]provider.Part{}, refused: map[provider.PartID]error{},
	}
}

func (v *view) Picture(s provider.Scope) (provider.Picture, error) {
	if err := v.failures[s]; err != nil {
		return nil, err
	}
	if p := v.pictures[s]; p != nil {
		return p, nil
	}
	return nil, provider.ErrScopeNotNamed
}

func (v *view) Part(_ provider.Scope, id provider.PartID) (provider.Part, error, bool) {
	if err := v.refused[id]; err != nil {
		return nil, err, true
	}
	p, ok := v.parts[id]
	return p, nil, ok
}

// show asks for a scope and keeps what it shows.
func (v *view) show(t *testing.T, c *client, scopes ...provider.Scope) {
	t.Helper()
	for _, scope := range scopes {
		p, err := c.Revalidate(t.Context(), scope, v.pictures[scope], false)
		require.NoError(t, err)
		v.pictures[scope] = p
	}
}

// answer asks whatever a Need takes, once each.
func answer(ctx context.Context, c *client, n provider.Need, known ...provider.Scope) (provider.Answer, error) {
	scopes, err := c.Scopes(n, known)
	if err != nil {
		return provider.Answer{}, err
	}
	v := newView()
	for _, scope := range scopes {
		p, err := c.Revalidate(ctx, scope, nil, false)
		if err != nil {
			v.failures[scope] = err
			continue
		}
		v.pictures[scope] = p
	}
	for {
		a, wanted, err := c.Lookup(n, v)
		if err != nil || len(wanted) == 0 {
			return a, err
		}
		for _, w := range wanted {
			part, err := c.Load(ctx, w.Scope, v.pictures[w.Scope], w.ID)
			if err != nil {
				v.refused[w.ID] = err
				continue
			}
			v.parts[w.ID] = part
		}
	}
}

// valueOf is the value of a key.
func valueOf(t *testing.T, c *client, key string, known ...provider.Scope) string {
	t.Helper()
	a, err := answer(t.Context(), c, provider.Need{Kind: provider.KindValue, Key: key}, known...)
	require.NoError(t, err)
	return string(a.Value.Bytes())
}

func failureOf(t *testing.T, c *client, key string, known ...provider.Scope) error {
	t.Helper()
	_, err := answer(t.Context(), c, provider.Need{Kind: provider.KindValue, Key: key}, known...)
	return err
}

func findOf(t *testing.T, c *client, path, name string, tags ...string) map[string]string {
	t.Helper()
	tagMap := map[string]string{}
	for _, tag := range tags {
		tagMap[tag] = ""
	}
	a, err := answer(t.Context(), c, provider.FindNeed(path, name, tagMap))
	require.NoError(t, err)
	return reveal(a.Map)
}

func reveal(values map[string]value.Value) map[string]string {
	texts := map[string]string{}
	for key, v := range values {
		texts[key] = string(v.Bytes())
	}
	return texts
}

// requireReason checks an error's Reason, and that it shows nothing that it must not.
func requireReason(t *testing.T, reason provider.Reason, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, string(reason), string(provider.ReasonOf(err)), err.Error())
	var e *provider.Error
	require.ErrorAs(t, err, &e)
	for _, secret := range []string{testSecret, "workspaceSlug", "http://", "127.0.0.1", "You are not", "reqId", "s3cret"} {
		require.NotContains(t, err.Error(), secret)
	}
}

func ptr[T any](v T) *T { return &v }

// soon is a context that ends shortly.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// property and properties are those of a secret's value.
func property(v value.Value, key, path string) (value.Value, error) {
	return content{v, "value", key}.property(path)
}

func properties(v value.Value, key, path string) (map[string]value.Value, error) {
	return content{v, "value", key}.properties(path)
}
