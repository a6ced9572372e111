package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/discovery"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const gvkExtension = "x-kubernetes-group-version-kind"

func TestExplain(t *testing.T) {
	t.Parallel()
	k := env.Kubectl(t)
	explained := k.Run("explain", "externalsecret.spec.dataFrom", "--recursive")
	for _, field := range []string{"extract", "find", "conversionStrategy", "regexp", "rewrite", "priorityPolicy", "generatorRef"} {
		require.Contains(t, explained, field)
	}
	require.Contains(t, explained, "GROUP:      external-secrets.io")
	require.Contains(t, explained, "enum: Error, Ignore")
	for path, says := range map[string]string{
		"es.spec.refreshInterval":                           "longest time",
		"secretstore.spec.provider.onepassword.connectHost": "URL of the Connect server",
		"css.spec.conditions":                               "namespaceSelector",
		"externalsecret.metadata.finalizers":                "FIELD",
		"externalsecret.status.live":                        "state",
	} {
		require.Contains(t, k.Run("explain", path), says, path)
	}
	require.Contains(t, k.Fails("", "explain", "externalsecret.spec.nothing"), `field "nothing" does not exist`)
}

// TestOpenAPIVersion2 reads the document that the host merges of all its servers.
// A group-version-kind that two definitions claim breaks typed clients of the
// whole cluster.
func TestOpenAPIVersion2(t *testing.T) {
	t.Parallel()
	var document struct {
		Definitions map[string]map[string]json.RawMessage
		Paths       map[string]json.RawMessage
	}
	framework.Eventually(t, "the document has our kinds", func(ctx context.Context) error {
		body, err := raw(t).Get().AbsPath("/openapi/v2").SetHeader("Accept", mediaJSON).DoRaw(ctx)
		if err != nil {
			return err
		}
		if !bytes.Contains(body, []byte("com.github.live-secrets.external-secrets-apiserver.pkg.apis.externalsecrets.v1.ExternalSecret")) {
			return errors.New("they are not there")
		}
		return json.Unmarshal(body, &document)
	})

	claims := map[string][]string{}
	for name, definition := range document.Definitions {
		var kinds []map[string]string
		if extension, ok := definition[gvkExtension]; ok {
			require.NoError(t, json.Unmarshal(extension, &kinds), name)
		}
		for _, kind := range kinds {
			gvk := fmt.Sprintf("%s/%s/%s", kind["group"], kind["version"], kind["kind"])
			claims[gvk] = append(claims[gvk], name)
			require.NotEqual(t, "__internal", kind["version"], name)
		}
	}
	for gvk, names := range claims {
		// These are of every group, and of several definitions in any cluster.
		if strings.HasPrefix(gvk, "/v1/") || !strings.HasSuffix(gvk, "/DeleteOptions") && !strings.HasSuffix(gvk, "/WatchEvent") {
			require.Len(t, names, 1, gvk)
		}
	}
	for _, kind := range []string{"ExternalSecret", "ExternalSecretList", "SecretStore", "SecretStoreList", "ClusterSecretStore", "ClusterSecretStoreList"} {
		require.Len(t, claims["external-secrets.io/v1/"+kind], 1, kind)
	}
	require.Contains(t, document.Paths, groupPath("namespaces", "{namespace}", "externalsecrets", "{name}"))
	requireNoDangling(t, "#/definitions/", document.Definitions)
}

func TestOpenAPIVersion3(t *testing.T) {
	t.Parallel()
	client := discovery.NewDiscoveryClient(env.Host(t).CoreV1().RESTClient())
	paths, err := client.OpenAPIV3().Paths()
	require.NoError(t, err)
	require.Contains(t, paths, "apis/external-secrets.io/v1")
	body, err := paths["apis/external-secrets.io/v1"].Schema(mediaJSON)
	require.NoError(t, err)
	var document struct {
		Components struct {
			Schemas map[string]map[string]json.RawMessage
		}
		Paths map[string]json.RawMessage
	}
	require.NoError(t, json.Unmarshal(body, &document))
	require.Contains(t, document.Paths, groupPath("namespaces", "{namespace}", "externalsecrets", "{name}", "status"))
	require.Contains(t, document.Components.Schemas, "com.github.live-secrets.external-secrets-apiserver.pkg.apis.externalsecrets.v1.ExternalSecret")
	require.JSONEq(t, `[{"group":"external-secrets.io","version":"v1","kind":"ExternalSecret"}]`,
		string(document.Components.Schemas["com.github.live-secrets.external-secrets-apiserver.pkg.apis.externalsecrets.v1.ExternalSecret"][gvkExtension]))
	requireNoDangling(t, "#/components/schemas/", document.Components.Schemas)
}

// requireNoDangling fails where a definition refers to one that is not there.
func requireNoDangling(t *testing.T, prefix string, definitions map[string]map[string]json.RawMessage) {
	t.Helper()
	all, err := json.Marshal(definitions)
	require.NoError(t, err)
	var document any
	require.NoError(t, json.Unmarshal(all, &document))
	var walk func(node any)
	walk = func(node any) {
		switch n := node.(type) {
		case map[string]any:
			if ref, ok := n["$ref"].(string); ok {
				require.Contains(t, definitions, strings.TrimPrefix(ref, prefix))
			}
			for _, child := range n {
				walk(child)
			}
		case []any:
			for _, child := range n {
				walk(child)
			}
		}
	}
	walk(document)
}
