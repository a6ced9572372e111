package sidebyside

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// leftOut are fields that the schema has and this server refuses, whatever they hold: no manifest with them is stored.
var leftOut = []string{
	"ExternalSecret.spec.target.manifest",
	"ExternalSecret.spec.data.sourceRef.generatorRef",
	"ExternalSecret.spec.dataFrom.sourceRef.generatorRef",
}

// loginsLeftOut are ways to log in to Infisical that are not built in.
var loginsLeftOut = []string{"azure", "gcpIdToken", "gcpIam", "oci", "aws"}

type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     map[string]any
}

// testCorpus applies every field of the kinds to both, and compares what is stored.
func testCorpus(t *testing.T) {
	text, err := os.ReadFile("testdata/corpus.yaml")
	require.NoError(t, err)
	namespace := env.Namespace(t)
	text = bytes.ReplaceAll(text, []byte("NAMESPACE"), []byte(namespace))
	t.Run("has every field", func(t *testing.T) { requireEveryField(t, documents(t, text)) })

	k := env.Kubectl(t).In(namespace)
	read := func(group string, m manifest) json.RawMessage {
		path := "/apis/" + group + "/v1/"
		if m.Kind != "ClusterSecretStore" {
			path += "namespaces/" + namespace + "/"
		}
		var object struct{ Spec json.RawMessage }
		raw := k.Run("get", "--raw", path+strings.ToLower(m.Kind)+"s/"+m.Metadata.Name+"?resourceVersion=0")
		require.NoError(t, json.Unmarshal([]byte(raw), &object))
		return object.Spec
	}
	for _, args := range [][]string{
		{"apply", "-f", "-"}, {"apply", "--server-side", "--force-conflicts", "-f", "-"}, {"replace", "-f", "-"},
	} {
		for _, group := range []string{ourGroup, twinGroup} {
			k.Input(string(bytes.ReplaceAll(text, []byte("GROUP"), []byte(group))), args...)
		}
		for _, m := range documents(t, text) {
			require.Equal(t, canonical(t, read(twinGroup, m)), canonical(t, read(ourGroup, m)), "%v: %s %s", args, m.Kind, m.Metadata.Name)
		}
	}
	k.Run("delete", "clustersecretstores.external-secrets.io", namespace+"-connect", namespace+"-infisical", namespace+"-token",
		namespace+"-jwt", namespace+"-ldap", namespace+"-account")
}

// documents are the objects of a stream of YAML.
func documents(t *testing.T, text []byte) []manifest {
	t.Helper()
	var all []manifest
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		var m manifest
		require.NoError(t, yaml.Unmarshal(document, &m))
		all = append(all, m)
	}
	return all
}

// canonical is JSON with sorted fields and numbers as they are written.
func canonical(t *testing.T, text json.RawMessage) string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	require.NoError(t, decoder.Decode(&value))
	sorted, err := json.MarshalIndent(value, "", "  ")
	require.NoError(t, err)
	return string(sorted)
}

// requireEveryField checks that each property of the published schemas is in some object.
func requireEveryField(t *testing.T, objects []manifest) {
	t.Helper()
	published := publishedSchemas(t)
	missing, used := map[string]bool{}, map[string]bool{}
	for _, kind := range twinKinds {
		spec := published.structural(kind.kind)["properties"].(map[string]any)["spec"]
		addPaths(missing, kind.kind+".spec", spec.(map[string]any))
	}
	for _, m := range objects {
		addUsed(used, m.Kind+".spec", m.Spec)
	}
	for path := range missing {
		if used[path] || slices.ContainsFunc(leftOut, func(out string) bool { return path == out || strings.HasPrefix(path, out+".") }) {
			delete(missing, path)
		}
		for _, login := range loginsLeftOut {
			if strings.Contains(path, ".infisical.auth."+login+"AuthCredentials") {
				delete(missing, path)
			}
		}
	}
	require.Empty(t, slices.Sorted(maps.Keys(missing)), "fields that the corpus does not have")
}

// addPaths collects the properties of a schema. The elements of a list have the path of the list.
func addPaths(paths map[string]bool, at string, schema map[string]any) {
	if items, ok := schema["items"].(map[string]any); ok {
		addPaths(paths, at, items)
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		paths[at+"."+name] = true
		addPaths(paths, at+"."+name, property.(map[string]any))
	}
}

func addUsed(paths map[string]bool, at string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, child := range v {
			paths[at+"."+name] = true
			addUsed(paths, at+"."+name, child)
		}
	case []any:
		for _, child := range v {
			addUsed(paths, at, child)
		}
	}
}
