package builtin_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/builtin"
)

func TestEveryNameIsAnother(t *testing.T) {
	all := builtin.All(nil)
	require.NotEmpty(t, all)
	require.Len(t, slices.Compact(provider.Names(all)), len(all))
}
