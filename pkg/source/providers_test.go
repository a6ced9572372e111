package source_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/builtin"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/seed"
	"github.com/live-secrets/external-secrets-apiserver/test/storespec"
)

// twoStores are a store of each provider at a simulator, and what both need to log in.
func twoStores(t *testing.T) (op *connect.Server, inf *infisical.Server, spec, folder *v1.SecretStoreProvider, material provider.Material) {
	op, inf = seed.HomeCluster().Servers(connect.Options{}, infisical.Options{})
	selector := func(key string) v1.SecretKeySelector { return v1.SecretKeySelector{Name: ptr.To("s"), Key: &key} }
	spec = storespec.Connect(op.Start(), selector("token"), "pitower")
	folder = &v1.SecretStoreProvider{Infisical: &v1.InfisicalProvider{
		HostAPI: ptr.To(inf.Start()), SecretsScope: v1.InfisicalScope{ProjectSlug: "home-lab-iwi-y", EnvironmentSlug: "prod"},
		Auth: v1.InfisicalAuth{UniversalAuthCredentials: &v1.InfisicalUniversalAuth{ClientID: selector("id"), ClientSecret: selector("secret")}},
	}}
	t.Cleanup(op.Close)
	t.Cleanup(inf.Close)
	material = provider.Material{
		"token":    value.FromString("demo-connect-token"),
		"clientId": value.FromString("demo-client-id"), "clientSecret": value.FromString("demo-client-secret"),
	}
	return op, inf, spec, folder, material
}

// The retrySettings of a store hold whatever its provider is: of requests that fail twice, and then no more, as many are
// made as the settings allow. The site's budget pays for each of them.
func TestRetriesOfBothProviders(t *testing.T) {
	op, inf, spec, folder, material := twoStores(t)
	for name, c := range map[string]struct {
		provider *v1.SecretStoreProvider
		sim      *harness.Harness
		route    string
		need     provider.Need
		retries  *int32
		want     map[string]int
		reason   provider.Reason
	}{
		"1Password": {provider: spec, sim: op.Harness, route: connect.RouteItems, need: provider.Need{Kind: provider.KindValue, Key: "my-app", Property: "db_pass"},
			retries: ptr.To[int32](2), want: map[string]int{connect.RouteVaults: 1, connect.RouteVault: 2, connect.RouteItems: 3, connect.RouteItem: 1}},
		"1Password, without": {provider: spec, sim: op.Harness, route: connect.RouteItems, need: provider.Need{Kind: provider.KindValue, Key: "my-app", Property: "db_pass"},
			want: map[string]int{connect.RouteVaults: 1, connect.RouteItems: 1}, reason: provider.Unavailable},
		"Infisical": {provider: folder, sim: inf.Harness, route: infisical.RouteList, need: provider.Need{Kind: provider.KindFind},
			retries: ptr.To[int32](2), want: map[string]int{infisical.RouteLogin: 1, infisical.RouteList: 3}},
		"Infisical, without": {provider: folder, sim: inf.Harness, route: infisical.RouteList, need: provider.Need{Kind: provider.KindFind},
			want: map[string]int{infisical.RouteLogin: 1, infisical.RouteList: 1}, reason: provider.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			sources := source.New(source.Config{
				Providers: builtin.All(nil), CallTimeout: 30 * time.Second, Rates: map[string]int{"127.0.0.1": 40},
			})
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = sources.Run(ctx)
			}()
			defer func() { stop(); <-ended }()
			store := source.Store{UID: "store", Kind: v1.SecretStoreKind, Namespace: "team", Name: "s", Provider: c.provider}
			if c.retries != nil {
				store.Retry = &v1.SecretStoreRetrySettings{MaxRetries: c.retries, RetryInterval: ptr.To("100ms")}
			}
			src, err := sources.Get(store, material)
			require.NoError(t, err)
			c.sim.Requests.Reset()
			c.sim.Faults.Add(harness.JSON(503, `{}`).On(c.route).For(2))
			defer c.sim.Faults.Clear()
			began := time.Now()
			result := src.Inputs(t.Context(), []provider.Need{c.need}, time.Now()).Result(c.need)
			require.Empty(t, cmp.Diff(c.want, c.sim.Requests.Counts()))
			budgets := sources.State().Budgets
			here := slices.IndexFunc(budgets, func(b source.Budget) bool { return b.Site == "127.0.0.1" })
			require.GreaterOrEqual(t, here, 0)
			// Ten at once, and ten a minute more.
			refilled := time.Since(began).Minutes() * 10
			require.InDelta(t, c.sim.Requests.Total(), 10+refilled-budgets[here].Callers, refilled+0.001)
			if c.reason == "" {
				require.NoError(t, result.Err)
			} else {
				require.Equal(t, c.reason, provider.ReasonOf(result.Err))
			}
		})
	}
}
