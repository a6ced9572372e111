package source_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/builtin"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/storespec"
)

// sourcesOf runs Sources of the real providers until the test ends.
func sourcesOf(t *testing.T, cfg source.Config) *source.Sources {
	t.Helper()
	if cfg.Providers == nil {
		cfg.Providers = builtin.All(nil)
	}
	sources := source.New(cfg)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sources.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return sources
}

func selectKey(key string) v1.SecretKeySelector {
	return v1.SecretKeySelector{Name: ptr.To("credential"), Key: &key}
}

// ofConnect is a Source of vaults of a simulated Connect.
func ofConnect(t *testing.T, sources *source.Sources, sim *connect.Server, vaults ...string) *source.Source {
	t.Helper()
	src, err := sources.Get(source.Store{
		UID: "connect", Kind: v1.SecretStoreKind, Namespace: "team", Name: "connect",
		Provider: storespec.Connect(sim.URL(), selectKey("token"), vaults...),
	}, provider.Material{"token": value.FromString(connect.DefaultToken)})
	require.NoError(t, err)
	return src
}

func valueNeed(key, property string) provider.Need {
	return provider.Need{Kind: provider.KindValue, Key: key, Property: property}
}
