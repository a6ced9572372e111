package sidebyside

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

type column struct{ name, kind, path string }

// twinKind is a kind of ours as a CustomResourceDefinition describes it.
type twinKind struct {
	kind       string
	cluster    bool
	columns    []column
	selectable []string
}

var storeColumns = []column{
	{"Age", "date", ".metadata.creationTimestamp"},
	{"Status", "string", `.status.conditions[?(@.type=="Ready")].reason`},
	{"Capabilities", "string", ".status.capabilities"},
	{"Ready", "string", `.status.conditions[?(@.type=="Ready")].status`},
}

var twinKinds = []twinKind{
	{
		kind: "ExternalSecret",
		columns: []column{
			{"StoreType", "string", ".spec.secretStoreRef.kind"},
			{"Store", "string", ".spec.secretStoreRef.name"},
			{"Refresh Interval", "string", ".spec.refreshInterval"},
			{"Status", "string", `.status.conditions[?(@.type=="Ready")].reason`},
			{"Ready", "string", `.status.conditions[?(@.type=="Ready")].status`},
			{"Last Sync", "date", ".status.refreshTime"},
			{"Live", "string", ".status.live.state"},
			{"Age", "date", ".metadata.creationTimestamp"},
		},
		selectable: []string{".spec.secretStoreRef.name", ".spec.secretStoreRef.kind", ".spec.target.name", ".spec.refreshInterval"},
	},
	{kind: "SecretStore", columns: storeColumns},
	{kind: "ClusterSecretStore", columns: storeColumns, cluster: true},
}

// createTwins defines our kinds in the group of the twins, from the schema that
// we publish.
func createTwins(t *testing.T) {
	t.Helper()
	published := publishedSchemas(t)
	client := env.Dynamic(t).Resource(definitions)
	for _, kind := range twinKinds {
		_, err := client.Create(t.Context(), kind.definition(published), metav1.CreateOptions{})
		require.NoError(t, err)
	}
	// Definitions come to be served, and their schema to be published, one after
	// the other.
	k := env.Kubectl(t)
	for _, kind := range twinKinds {
		name := kind.plural() + "." + twinGroup
		k.Run("wait", "--for=condition=Established", "--timeout=60s", "crd/"+name)
		framework.Eventually(t, name+" is explained", func(context.Context) error {
			_, _, err := k.Do("", "explain", kind.plural()+".spec", "--api-version="+twinGroup+"/v1")
			return err
		})
	}
}

func (k twinKind) plural() string { return strings.ToLower(k.kind) + "s" }

func (k twinKind) definition(published schemas) *unstructured.Unstructured {
	scope := "Namespaced"
	if k.cluster {
		scope = "Cluster"
	}
	var columns, selectable []any
	for _, c := range k.columns {
		columns = append(columns, map[string]any{"name": c.name, "type": c.kind, "jsonPath": c.path})
	}
	for _, path := range k.selectable {
		selectable = append(selectable, map[string]any{"jsonPath": path})
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1",
		"kind":       "CustomResourceDefinition",
		"metadata":   map[string]any{"name": k.plural() + "." + twinGroup},
		"spec": map[string]any{
			"group": twinGroup,
			"scope": scope,
			"names": map[string]any{"kind": k.kind, "listKind": k.kind + "List", "plural": k.plural(), "singular": strings.ToLower(k.kind)},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true,
				"schema":                   map[string]any{"openAPIV3Schema": published.structural(k.kind)},
				"subresources":             map[string]any{"status": map[string]any{}},
				"additionalPrinterColumns": columns,
				"selectableFields":         selectable,
			}},
		},
	}}
}
