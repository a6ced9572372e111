package builtin_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/builtin"
)

func TestTable(t *testing.T) {
	all := builtin.All()
	names := builtin.Names(all)
	require.True(t, slices.IsSorted(names))
	require.Len(t, slices.Compact(slices.Clone(names)), len(all), "every name is another")
	for _, name := range names {
		p, ok := builtin.ByName(all, name)
		require.True(t, ok)
		require.Equal(t, name, p.Name())
	}
	_, ok := builtin.ByName(all, "vault")
	require.False(t, ok)
}
