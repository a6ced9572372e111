package infisical

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func TestNamesWithSpecialCharacters(t *testing.T) {
	f := start(t)
	names := []string{"A?x=1", "A#b", "A%zz", "A B", "{x}", "ü", "A%2Fb", "a+b&c"}
	for _, name := range names {
		f.SetSecret(testProject, "dev", "/", name, "old "+name)
		f.SetSecret(testProject, "dev", "/", name, "new "+name)
	}
	c := f.connect()
	for _, name := range names {
		require.Equal(t, "new "+name, valueOf(t, c, name))
		a, err := answer(t.Context(), c, provider.Need{Kind: provider.KindValue, Key: name, Version: "1"})
		require.NoError(t, err)
		require.Equal(t, "old "+name, string(a.Value.Bytes()))
	}
}

func TestFoldersWithSpecialCharacters(t *testing.T) {
	f := start(t)
	for _, folder := range []string{"/a b", "/ü/é", "/a?b#c%zz&d=e+f", "/a:b"} {
		f.SetSecret(testProject, "dev", folder, "KEY", "in "+folder)
		require.Equal(t, "in "+folder, valueOf(t, f.connect(), folder+"/KEY"))
		require.Equal(t, "in "+folder, valueOf(t, f.connect(in(folder, true)), "KEY"))
		require.Equal(t, map[string]string{"KEY": "in " + folder}, findOf(t, f.connect(in("/", true)), folder, ""))
		require.NoError(t, f.connect().Confirm(t.Context(), provider.Need{Kind: provider.KindValue, Key: folder + "/GONE"}, nil))
	}
}
