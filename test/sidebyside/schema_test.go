package sidebyside

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/discovery"
)

const modelPrefix = "com.github.live-secrets.external-secrets-apiserver.pkg.apis.externalsecrets.v1."

// schemas are the components of an OpenAPI v3 document.
type schemas map[string]map[string]any

// publishedSchemas reads what this server publishes, through kube-apiserver.
func publishedSchemas(t *testing.T) schemas {
	t.Helper()
	client := discovery.NewDiscoveryClient(env.Host(t).CoreV1().RESTClient())
	paths, err := client.OpenAPIV3().Paths()
	require.NoError(t, err)
	body, err := paths["apis/"+ourGroup+"/v1"].Schema("application/json")
	require.NoError(t, err)
	var document struct {
		Components struct{ Schemas schemas }
	}
	require.NoError(t, json.Unmarshal(body, &document))
	return document.Components.Schemas
}

// structural is the schema of a kind in the form that a CustomResourceDefinition
// takes.
func (s schemas) structural(kind string) map[string]any {
	schema := s.resolve(s[modelPrefix+kind])
	schema["properties"].(map[string]any)["metadata"] = map[string]any{"type": "object"}
	return schema
}

// resolve copies a schema with its references followed.
func (s schemas) resolve(schema map[string]any) map[string]any {
	merged := map[string]any{}
	for _, part := range asList(schema["allOf"]) {
		s.merge(merged, part.(map[string]any))
	}
	s.merge(merged, schema)
	delete(merged, "allOf")
	delete(merged, "$ref")
	for name := range merged {
		if strings.HasPrefix(name, "x-kubernetes-group-version-kind") {
			delete(merged, name)
		}
	}
	if merged["format"] == "int-or-string" {
		return map[string]any{"x-kubernetes-int-or-string": true, "description": merged["description"]}
	}
	if properties, ok := merged["properties"].(map[string]any); ok {
		merged["properties"] = s.properties(properties, asStrings(merged["required"]))
	}
	for _, child := range []string{"items", "additionalProperties"} {
		if nested, ok := merged[child].(map[string]any); ok {
			resolved := s.resolve(nested)
			// The generator gives the elements of lists and maps their zero values.
			delete(resolved, "default")
			merged[child] = resolved
		}
	}
	return merged
}

func (s schemas) properties(properties map[string]any, required []string) map[string]any {
	resolved := map[string]any{}
	for name, property := range properties {
		schema := s.resolve(property.(map[string]any))
		// The generator writes the zero value of a Go field as its default. Ours are
		// those of optional fields.
		if empty, ok := schema["default"].(map[string]any); slices.Contains(required, name) || ok && len(empty) == 0 {
			delete(schema, "default")
		}
		resolved[name] = schema
	}
	return resolved
}

// merge lays a schema, with what it refers to, over another.
func (s schemas) merge(into, schema map[string]any) {
	if ref, ok := schema["$ref"].(string); ok {
		s.merge(into, s[strings.TrimPrefix(ref, "#/components/schemas/")])
	}
	for name, value := range schema {
		into[name] = value
	}
}

func asList(value any) []any {
	list, _ := value.([]any)
	return list
}

func asStrings(value any) []string {
	var all []string
	for _, entry := range asList(value) {
		all = append(all, entry.(string))
	}
	return all
}
