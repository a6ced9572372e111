package apiserver

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	generated "github.com/live-secrets/external-secrets-apiserver/pkg/generated/openapi"
)

const (
	gvkExtension = "x-kubernetes-group-version-kind"
	// secretDefinition is the name that the answer of the secret subresource is published under. The host publishes core/v1
	// Secret itself, and a second definition that claims the same group-version-kind breaks the typed clients of the whole
	// cluster: ours has a name of its own and claims nothing.
	secretDefinition = "com.github.live-secrets.external-secrets-apiserver.pkg.apis.externalsecrets.v1.WrittenSecret"
)

// applyOpenAPI has the generic server publish the definitions of scheme's kinds, in both versions of OpenAPI.
func applyOpenAPI(config *genericapiserver.Config, scheme *runtime.Scheme, version string) {
	namer := definitionNamer{openapi.NewDefinitionNamer(scheme)}

	config.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(definitions, namer.DefinitionNamer)
	config.OpenAPIConfig.GetDefinitionName = namer.name
	config.OpenAPIConfig.Info.Title = "external-secrets-apiserver"
	config.OpenAPIConfig.Info.Version = version

	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(definitions, namer.DefinitionNamer)
	config.OpenAPIV3Config.GetDefinitionName = namer.name
	config.OpenAPIV3Config.Info.Title = config.OpenAPIConfig.Info.Title
	config.OpenAPIV3Config.Info.Version = version
	config.OpenAPIV3Config.Definitions = definitions(func(name string) spec.Ref {
		published, _ := namer.name(name)
		return spec.MustCreateRef("#/components/schemas/" + common.EscapeJsonPointer(published))
	})
}

type definitionNamer struct {
	*openapi.DefinitionNamer
}

// name is what a definition is published as, with the kinds of our group that it defines. The internal version is this process's
// own matter, and the kinds of every group, such as Status, are the host's to define: where its version has another definition
// of one than we were built with, it publishes both in one document, and two that claim a kind break the typed clients of the
// whole cluster.
func (n definitionNamer) name(name string) (string, spec.Extensions) {
	if name == (corev1.Secret{}).OpenAPIModelName() {
		return secretDefinition, nil
	}
	published, extensions := n.GetDefinitionName(name)
	kinds, ok := extensions[gvkExtension].([]any)
	if !ok {
		return published, extensions
	}
	var external []any
	for _, kind := range kinds {
		k, ok := kind.(map[string]any)
		if ok && k["group"] == v1.GroupName && k["version"] != runtime.APIVersionInternal {
			external = append(external, kind)
		}
	}
	if external == nil {
		return published, nil
	}
	return published, spec.Extensions{gvkExtension: external}
}

// definitions are the generated ones and that of the secret subresource's answer.
func definitions(ref common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	all := generated.GetOpenAPIDefinitions(ref)
	all[(corev1.Secret{}).OpenAPIModelName()] = writtenSecret(ref)
	return all
}

func writtenSecret(ref common.ReferenceCallback) common.OpenAPIDefinition {
	const metaName = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
	text := func(description string) spec.Schema {
		return *spec.StringProperty().WithDescription(description)
	}
	return common.OpenAPIDefinition{
		Schema: spec.Schema{SchemaProps: spec.SchemaProps{
			Description: "WrittenSecret is the core/v1 Secret that an ExternalSecret comes to now, values included.",
			Type:        []string{"object"},
			Properties: map[string]spec.Schema{
				"apiVersion": text("v1"),
				"kind":       text("Secret"),
				"metadata":   {SchemaProps: spec.SchemaProps{Ref: ref(metaName)}},
				"type":       text("Type of the Secret."),
				"immutable":  *spec.BooleanProperty().WithDescription("Whether the written Secret is immutable."),
				"data":       *spec.MapProperty(spec.StrFmtProperty("byte")).WithDescription("Keys and base64 of their values."),
			},
		}},
		Dependencies: []string{metaName},
	}
}
