package infisical

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

// metadata asks for what describes a key, and a property of it.
func metadata(t *testing.T, c *client, key, property, version string) (string, error) {
	t.Helper()
	a, err := answer(t.Context(), c, provider.Need{
		Kind: provider.KindValue, Key: key, Property: property, Version: version, Metadata: true,
	})
	return string(a.Value.Bytes()), err
}

// described is a fixture with a secret that has all that Infisical tells of one.
func described(t *testing.T) *fixture {
	t.Helper()
	f := start(t)
	f.SetSecret(testProject, "dev", "/app", "KEY", "s3cret")
	f.EditSecret(testProject, "dev", "/app", "KEY", func(s *infisical.Secret) {
		s.Value, s.Comment, s.Tags = "s3cret too", "ask <ops> & wait", []string{"web", "blue"}
		s.Metadata = map[string]string{"owner": "ops", "cost.center": "42"}
	})
	return f
}

func TestMetadata(t *testing.T) {
	f := described(t)
	c := f.connect(in("/app", false))
	whole, err := metadata(t, c, "KEY", "", "")
	require.NoError(t, err)
	require.NotContains(t, whole, "s3cret")
	require.Contains(t, whole, "ask <ops> & wait", "nothing is escaped that need not be")
	var d map[string]any
	require.NoError(t, json.Unmarshal([]byte(whole), &d))
	require.Len(t, d["id"], 36)
	require.Equal(t, f.clock.Now().UTC().Format("2006-01-02T15:04:05"), d["updatedAt"].(string)[:19])
	delete(d, "id")
	delete(d, "updatedAt")
	require.Equal(t, map[string]any{
		"key": "KEY", "environment": "dev", "path": "/app", "version": 2.0, "comment": "ask <ops> & wait", "tags": []any{"web", "blue"},
		"metadata": map[string]any{"owner": "ops", "cost.center": "42"},
	}, d)

	for property, want := range map[string]string{
		"version": "2", "tags": `["web","blue"]`, "tags.0": "web", "tags.#": "2", "metadata.owner": "ops", `metadata.cost\.center`: "42", "path": "/app",
		"metadata": `{"cost.center":"42","owner":"ops"}`,
	} {
		got, err := metadata(t, c, "KEY", property, "")
		require.NoError(t, err, property)
		require.Equal(t, want, got)
	}
	for _, property := range []string{"value", "secretValue", "metadata.gone", "tags.7"} {
		_, err := metadata(t, c, "KEY", property, "")
		requireReason(t, provider.Invalid, err)
		require.ErrorContains(t, err, "is not there in the metadata of key")
	}
	_, err = metadata(t, c, "GONE", "", "")
	requireReason(t, provider.NotFound, err)
}

func TestMetadataOfABareSecret(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/", "KEY", "x")
	whole, err := metadata(t, f.connect(), "KEY", "", "")
	require.NoError(t, err)
	require.Regexp(t, `^\{"key":"KEY","id":"[0-9a-f-]{36}","environment":"dev","path":"/","version":1,"updatedAt":"[^"]+","tags":\[\],"metadata":\{\}\}$`, whole)
}

func TestMetadataAsAMap(t *testing.T) {
	f := described(t)
	c := f.connect(in("/app", false))
	extract := func(property string) map[string]string {
		a, err := answer(t.Context(), c, provider.Need{Kind: provider.KindMap, Key: "KEY", Property: property, Metadata: true})
		require.NoError(t, err)
		require.Equal(t, "2", a.Version)
		return reveal(a.Map)
	}
	whole := extract("")
	require.Len(t, whole, 9)
	require.Equal(t, "2", whole["version"])
	require.Equal(t, `["web","blue"]`, whole["tags"])
	require.Equal(t, map[string]string{"owner": "ops", "cost.center": "42"}, extract("metadata"))
	_, err := answer(t.Context(), c, provider.Need{Kind: provider.KindMap, Key: "KEY", Property: "tags", Metadata: true})
	requireReason(t, provider.Invalid, err)
}

func TestMetadataOfAVersion(t *testing.T) {
	f := described(t)
	c := f.connect(in("/app", false))
	got, err := metadata(t, c, "KEY", "version", "1")
	require.NoError(t, err)
	require.Equal(t, "1", got)
	got, err = metadata(t, c, "KEY", "path", "1")
	require.NoError(t, err)
	require.Equal(t, "/app", got)
	_, err = metadata(t, c, "KEY", "", "3")
	requireReason(t, provider.Invalid, err)
}

// TestMetadataOfAHiddenValue: who may not see a value may see what describes it.
func TestMetadataOfAHiddenValue(t *testing.T) {
	f := described(t)
	f.EditSecret(testProject, "dev", "/app", "KEY", func(s *infisical.Secret) { s.Hidden = true })
	c := f.connect(in("/app", false))
	requireReason(t, provider.Forbidden, failureOf(t, c, "KEY"))
	for version, want := range map[string]string{"": "3", "3": "3", "1": "1"} {
		got, err := metadata(t, c, "KEY", "version", version)
		require.NoError(t, err)
		require.Equal(t, want, got)
		whole, err := metadata(t, c, "KEY", "", version)
		require.NoError(t, err)
		require.NotContains(t, whole, "hidden")
	}
}

func TestMetadataOfAnImportedSecret(t *testing.T) {
	f := start(t)
	f.EditSecret(testProject, "prod", "/shared", "KEY", func(s *infisical.Secret) { s.Tags = []string{"far"} })
	f.AddImport(testProject, "dev", "/app", "prod", "/shared")
	c := f.connect(in("/app", false))
	for property, want := range map[string]string{"environment": "prod", "path": "/shared", "tags.0": "far"} {
		got, err := metadata(t, c, "KEY", property, "")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	whole, err := metadata(t, c, "KEY", "", "")
	require.NoError(t, err)
	require.NotContains(t, whole, "updatedAt", "Infisical does not say it of what is imported")
}

func TestMetadataChangesThePicture(t *testing.T) {
	f := described(t)
	c := f.connect(in("/app", false))
	scope := provider.Scope{Name: "/app"}
	first, err := c.Revalidate(t.Context(), scope, nil, false)
	require.NoError(t, err)
	f.EditSecret(testProject, "dev", "/app", "KEY", func(s *infisical.Secret) { s.Tags = nil })
	second, err := c.Revalidate(t.Context(), scope, first, false)
	require.NoError(t, err)
	require.NotSame(t, first, second)
	require.Less(t, second.Size(), first.Size(), "what describes a secret counts as what is held")
}
