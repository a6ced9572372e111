package apiserver

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/endpoints/openapi"
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
