package infisical

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

// TestFindInAFolderThatIsNotThere must not read as a find that matches nothing: that would take every key off a Secret.
// Infisical compares paths as texts, so that a recursive list of /gone shows what is in /gone2.
func TestFindInAFolderThatIsNotThere(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/gone2", "KEY", "x")
	f.AddFolder(testProject, "dev", "/empty")
	for _, recursive := range []bool{true, false} {
		c := f.connect(in("/", recursive))
		for _, folder := range []string{"/gone", "/nowhere", "/empty/below"} {
			_, err := answer(t.Context(), c, provider.FindNeed(folder, "", nil))
			requireReason(t, provider.ScopeNotFound, err)
		}
		require.Empty(t, findOf(t, c, "/empty", ""))
		require.Equal(t, map[string]string{"KEY": "x"}, findOf(t, c, "/gone2", ""))
	}
	store := f.connect(in("/gone", true))
	_, err := answer(t.Context(), store, provider.FindNeed("", "", nil))
	requireReason(t, provider.ScopeNotFound, err)
}

func TestFindInAFolderThatMayNotBeRead(t *testing.T) {
	f := start(t)
	f.AddIdentity(infisical.Identity{ClientID: testID, ClientSecret: testSecret, Rules: []infisical.Rule{{Path: "/closed", Access: infisical.None}}})
	f.SetSecret(testProject, "dev", "/closed", "KEY", "s3cret")
	for _, recursive := range []bool{true, false} {
		_, err := answer(t.Context(), f.connect(in("/", recursive)), provider.FindNeed("/closed", "", nil))
		requireReason(t, provider.Forbidden, err)
	}
}

func TestFindsCostOneList(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/app", "KEY", "x")
	require.NotEmpty(t, findOf(t, f.connect(in("/app", true)), "", ""))
	f.counts(1, 1, 0)
	f.AddFolder(testProject, "dev", "/empty")
	require.Empty(t, findOf(t, f.connect(in("/empty", true)), "", ""))
	f.counts(1, 3, 0)
}

func TestFindByTagsAndPath(t *testing.T) {
	f := start(t)
	tag := func(folder, key string, tags ...string) {
		f.EditSecret(testProject, "dev", folder, key, func(s *infisical.Secret) { s.Value, s.Tags = folder, tags })
	}
	tag("/app", "A", "web")
	tag("/app/b", "B", "web", "blue")
	tag("/app2", "C", "web", "blue")
	tag("/shared", "D", "web")
	f.AddImport(testProject, "dev", "/app", "dev", "/shared")
	tree, flat := f.connect(in("/", true)), f.connect(in("/", false))
	for name, test := range map[string]struct {
		c    *client
		path string
		tags []string
		want map[string]string
	}{
		"one tag, all below":    {tree, "/app", []string{"web"}, map[string]string{"A": "/app", "B": "/app/b", "D": "/shared"}},
		"both tags, all below":  {tree, "/app", []string{"web", "blue"}, map[string]string{"B": "/app/b"}},
		"both tags, everywhere": {tree, "", []string{"web", "blue"}, map[string]string{"B": "/app/b", "C": "/app2"}},
		"one tag, one folder":   {flat, "app", []string{"web"}, map[string]string{"A": "/app", "D": "/shared"}},
		"both, one folder":      {flat, "/app/", []string{"web", "blue"}, map[string]string{}},
		"an unknown tag":        {tree, "", []string{"red"}, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, findOf(t, test.c, test.path, "", test.tags...))
		})
	}
}

func TestDuplicatesOfRecursiveFindsAreOneAndTheSame(t *testing.T) {
	f := start(t)
	for _, folder := range []string{"/z", "/a/b", "/b", "/a/a"} {
		f.SetSecret(testProject, "dev", folder, "KEY", folder)
	}
	for range 20 {
		require.Equal(t, map[string]string{"KEY": "/b"}, findOf(t, f.connect(in("/", true)), "", ""), "nearest to the root, then by path")
	}
	require.Equal(t, map[string]string{"KEY": "/a/a"}, findOf(t, f.connect(in("/", true)), "/a", ""))
}
