package source

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// TestReach: stores of a namespace are limited, those of the cluster are not.
func TestReach(t *testing.T) {
	b := newBackend(t)
	reach, err := egress.New([]string{"vault.example.com"}, "")
	require.NoError(t, err)
	sources := New(Config{Providers: []provider.Provider{b}, Reach: reach})
	for namespace, want := range map[string]*egress.Policy{"team": reach, "": nil} {
		store := theStore
		store.UID, store.Namespace = types.UID("of "+namespace), namespace
		_, err := sources.Get(store, token("one"))
		require.NoError(t, err)
		require.Equal(t, want, b.reach)
	}
}
