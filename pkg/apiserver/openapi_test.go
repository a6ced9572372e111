package apiserver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	"k8s.io/kube-openapi/pkg/aggregator"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// No definition of ours claims a kind of the host's, and none an internal version.
func TestDefinitionsClaimOnlyOurKinds(t *testing.T) {
	namer := definitionNamer{openapi.NewDefinitionNamer(install.Scheme())}
	owned := map[string]string{}
	for name := range definitions(func(string) spec.Ref { return spec.Ref{} }) {
		published, extensions := namer.name(name)
		kinds, _ := extensions[gvkExtension].([]any)
		for _, claimed := range kinds {
			kind := claimed.(map[string]any)
			require.NotEqual(t, "__internal", kind["version"], published)
			require.Equal(t, v1.GroupName, kind["group"], "%s claims a kind that the host defines", published)
			if kind["version"] == "v1" {
				owned[kind["kind"].(string)] = published
			}
		}
		require.NotEqual(t, "io.k8s.api.core.v1.Secret", published, "the host publishes its own")
	}
	for _, kind := range []string{"ExternalSecret", "SecretStore", "ClusterSecretStore", "ExternalSecretList"} {
		require.Contains(t, owned, kind, "server-side apply finds the schema by the kind")
	}
	published, extensions := namer.name((corev1.Secret{}).OpenAPIModelName())
	require.Equal(t, secretDefinition, published)
	require.Empty(t, extensions)
}

// TestAHostOfAnotherVersion merges our definitions into those of a host whose Status differs, as kube-apiserver does for
// version 2 of OpenAPI: nothing of the host's is claimed twice.
func TestAHostOfAnotherVersion(t *testing.T) {
	namer := definitionNamer{openapi.NewDefinitionNamer(install.Scheme())}
	const status = "io.k8s.apimachinery.pkg.apis.meta.v1.Status"
	document := func(path string, name func(string) (string, spec.Extensions)) *spec.Swagger {
		swagger := &spec.Swagger{SwaggerProps: spec.SwaggerProps{
			Paths: &spec.Paths{Paths: map[string]spec.PathItem{path: {}}}, Definitions: spec.Definitions{},
		}}
		for model, definition := range definitions(func(string) spec.Ref { return spec.Ref{} }) {
			published, extensions := name(model)
			schema := definition.Schema
			schema.Extensions = extensions
			swagger.Definitions[published] = schema
		}
		return swagger
	}
	host, ours := document("/api/v1/", namer.GetDefinitionName), document(groupPath+"v1/", namer.name)
	for name := range host.Definitions {
		if strings.HasPrefix(name, "com.github.live-secrets.") {
			delete(host.Definitions, name)
		}
	}
	older := host.Definitions[status]
	require.NotEmpty(t, older.Extensions[gvkExtension])
	older.Description = "Status as it was"
	host.Definitions[status] = older
	require.NoError(t, aggregator.MergeSpecsIgnorePathConflictRenamingDefinitionsAndParameters(host, ours))

	require.Contains(t, host.Definitions, status+"_v2", "both are published")
	claims := map[any][]string{}
	for name, definition := range host.Definitions {
		kinds, _ := definition.Extensions[gvkExtension].([]any)
		for _, claimed := range kinds {
			kind := claimed.(map[string]any)
			key := [3]any{kind["group"], kind["version"], kind["kind"]}
			claims[key] = append(claims[key], name)
		}
	}
	require.Equal(t, []string{status}, claims[[3]any{"", "v1", "Status"}])
	for kind, names := range claims {
		require.Len(t, names, 1, kind)
	}
}
