package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// refusal posts a manifest with strict field validation and returns why it was
// refused.
func refusal(t *testing.T, path, body string) metav1.Status {
	t.Helper()
	object, err := yaml.YAMLToJSON([]byte(body))
	require.NoError(t, err)
	code, _, answered, _ := answer(t.Context(), raw(t).Post().AbsPath(path).Param("fieldValidation", "Strict").
		SetHeader("Content-Type", mediaJSON).Body(object))
	require.NotEqual(t, http.StatusCreated, code, "%s was accepted", body)
	var status metav1.Status
	require.NoError(t, json.Unmarshal(answered, &status), "%s", answered)
	return status
}

func TestBadExternalSecrets(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	path := groupPath("namespaces", namespace, "externalsecrets")
	const store = "secretStoreRef: {name: idle}"
	const data = "data: [{secretKey: a, remoteRef: {key: k}}]"
	for spec, says := range map[string][]string{
		"{}": {"spec", "data or dataFrom must have at least one entry"},
		data: {"spec.secretStoreRef.name", "must name a store"},
		store + "\n  data: [{secretKey: a, remoteRef: {}}]":                                                             {"spec.data[0].remoteRef.key"},
		store + "\n  data: [{secretKey: 'a b', remoteRef: {key: k}}]":                                                   {"spec.data[0].secretKey", "letters, digits"},
		store + "\n  data: [{secretKey: a, remoteRef: {key: k, decodingStrategy: Rot13}}]":                              {"spec.data[0].remoteRef.decodingStrategy", "Base64URL"},
		store + "\n  data: [{secretKey: a, remoteRef: {key: k}, sourceRef: {generatorRef: {kind: Password, name: p}}}]": {"spec.data[0].sourceRef"},
		"secretStoreRef: {name: idle, kind: Vault}\n  " + data:                                                          {"spec.secretStoreRef.kind", "ClusterSecretStore"},
		"secretStoreRef: {name: No_Name}\n  " + data:                                                                    {"spec.secretStoreRef.name"},
		store + "\n  refreshInterval: often\n  " + data:                                                                 {"spec.refreshInterval", `"5m"`},
		store + "\n  refreshInterval: -5m\n  " + data:                                                                   {"spec.refreshInterval", "negative"},
		store + "\n  refreshPolicy: Sometimes\n  " + data:                                                               {"spec.refreshPolicy", "CreatedOnce", "OnChange", "Periodic"},
		store + "\n  syncWindows: {kind: allow, windows: [{schedule: noon, duration: 1h}]}\n  " + data:                  {"spec.syncWindows.windows[0].schedule", "cron"},
		store + "\n  target: {name: Upper}\n  " + data:                                                                  {"spec.target.name"},
		store + "\n  target: {creationPolicy: Perhaps}\n  " + data:                                                      {"spec.target.creationPolicy", "Orphan"},
		store + "\n  target: {creationPolicy: Merge, deletionPolicy: Delete}\n  " + data:                                {"spec.target.deletionPolicy", "creationPolicy Merge"},
		store + "\n  target: {manifest: {apiVersion: v1, kind: ConfigMap}}\n  " + data:                                  {"spec.target.manifest", "--unsafe-allow-generic-targets"},
		store + "\n  target: {template: {engineVersion: v1}}\n  " + data:                                                {"spec.target.template.engineVersion", "v2"},
		store + "\n  target: {template: {data: {a: '{{ .b'}}}\n  " + data:                                               {"spec.target.template.data[a]"},
		store + "\n  target: {template: {templateFrom: [{}]}}\n  " + data:                                               {"spec.target.template.templateFrom[0]", "configMap", "literal"},
		store + "\n  dataFrom: [{}]":                                                                                    {"spec.dataFrom[0]", "extract, find"},
		store + "\n  dataFrom: [{find: {name: {regexp: '('}}}]":                                                         {"spec.dataFrom[0].find.name.regexp", "missing closing )"},
		store + "\n  dataFrom: [{extract: {key: k}, rewrite: [{regexp: {source: '[', target: a}}]}]":                    {"spec.dataFrom[0].rewrite[0].regexp.source"},
		store + "\n  dataFrom: [{extract: {key: k}, rewrite: [{merge: {strategy: JSON}}]}]":                             {"spec.dataFrom[0].rewrite[0].merge.into"},
		store + "\n  surprise: 1\n  " + data:                                                                            {`unknown field "spec.surprise"`},
		store + "\n  data: [{secretKey: a, remoteRef: {key: k, Property: p}}]":                                          {`unknown field "spec.data[0].remoteRef.Property"`},
		store + "\n  data: {secretKey: a}":                                                                              {"spec.data"},
		store + "\n  refreshInterval: 5\n  " + data:                                                                     {"refreshInterval"},
	} {
		body := fmt.Sprintf("apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: bad}\nspec:\n  %s\n", spec)
		if spec == "{}" {
			body = strings.Replace(body, "\n  {}", " {}", 1)
		}
		status := refusal(t, path, body)
		require.Contains(t, []int32{http.StatusUnprocessableEntity, http.StatusBadRequest}, status.Code, "%s: %s", body, status.Message)
		for _, text := range says {
			require.Contains(t, status.Message, text, body)
		}
	}
}

func TestBadStores(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	const onepassword = "onepassword: {connectHost: 'http://connect', vaults: {v: 1}, auth: {secretRef: {connectTokenSecretRef: {name: t, key: k}}}}"
	for spec, says := range map[string][]string{
		"{}":           {"spec.provider", "onepassword"},
		"provider: {}": {"spec.provider", "exactly one", "onepassword"},
		"provider: {onepassword: {connectHost: 'http://connect', vaults: {v: 1}, auth: {secretRef: {connectTokenSecretRef: {name: t, key: k, namespace: elsewhere}}}}}": {
			"spec.provider.onepassword.auth.secretRef.connectTokenSecretRef.namespace"},
		"provider: {onepassword: {vaults: {v: 1}, auth: {secretRef: {connectTokenSecretRef: {name: t, key: k}}}}}": {"spec.provider.onepassword.connectHost"},
		"refreshInterval: often\n  provider: {" + onepassword + "}":                                                {"spec.refreshInterval", "seconds"},
		"conditions: [{namespaceRegexes: ['(']}]\n  provider: {" + onepassword + "}":                               {"spec.conditions[0].namespaceRegexes[0]"},
		"retrySettings: {maxRetries: -1}\n  provider: {" + onepassword + "}":                                       {"spec.retrySettings.maxRetries"},
	} {
		body := fmt.Sprintf("apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {name: bad}\nspec:\n  %s\n", spec)
		if spec == "{}" {
			body = strings.Replace(body, "\n  {}", " {}", 1)
		}
		status := refusal(t, groupPath("namespaces", namespace, "secretstores"), body)
		require.Equal(t, int32(http.StatusUnprocessableEntity), status.Code, "%s: %s", body, status.Message)
		for _, text := range says {
			require.Contains(t, status.Message, text, body)
		}
	}
}

// TestUnknownProviders: a manifest of External Secrets Operator whose provider is
// not built in is refused in words that help.
func TestUnknownProviders(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	k := env.Kubectl(t).In(namespace)
	aws := strings.Replace(strings.Replace(idleStore, "name: idle", "name: cloud", 1), "onepassword:", "aws: {service: SecretsManager}\n    onepassword:", 1)
	const list = "the providers of this server: infisical, onepassword"
	for _, stderr := range []string{
		k.Fails(aws, "create", "-f", "-"),
		k.Fails(aws, "apply", "-f", "-"),
		k.Fails(aws, "apply", "--server-side", "-f", "-"),
	} {
		require.Contains(t, stderr, "spec.provider.aws")
		require.Contains(t, stderr, list)
	}
	for _, kind := range []types.PatchType{types.MergePatchType, types.StrategicMergePatchType} {
		_, err := env.Clientset(t).ExternalSecretsV1().SecretStores(namespace).Patch(t.Context(), "idle", kind,
			[]byte(`{"spec":{"provider":{"aws":{}}}}`), metav1.PatchOptions{FieldValidation: metav1.FieldValidationStrict})
		require.ErrorContains(t, err, `unknown field "spec.provider.aws" (`+list+`)`, kind)
	}
	// Without the unknown field there is no provider left.
	gone := strings.Replace(aws, "    onepassword:", "    gcpsm:", 1)
	require.Contains(t, k.Fails(gone, "create", "--validate=ignore", "-f", "-"), "spec.provider: Required value")
}

// TestKubectlValidation: what kubectl says of unknown fields, by --validate.
func TestKubectlValidation(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	k := env.Kubectl(t).In(namespace)
	unknown := strings.Replace(manifest("one"), "spec:", "spec:\n  surprise: 1", 1)

	require.Contains(t, k.Fails(unknown, "create", "-f", "-"), `unknown field "spec.surprise"`)
	require.Contains(t, k.Fails(unknown, "apply", "--server-side", "-f", "-"), `.spec.surprise: field not declared in schema`)
	_, warned, err := k.Do(unknown, "create", "--validate=warn", "-f", "-")
	require.NoError(t, err)
	require.Contains(t, warned, `Warning: unknown field "spec.surprise"`)
	require.NotContains(t, k.Run("get", "es", "one", "-o", "yaml"), "surprise")

	double := `{"apiVersion":"external-secrets.io/v1","kind":"ExternalSecret","metadata":{"name":"two"},"spec":{"refreshInterval":"1m","refreshInterval":"2m"}}`
	code, _, body, _ := answer(t.Context(), raw(t).Post().AbsPath(groupPath("namespaces", namespace, "externalsecrets")).
		Param("fieldValidation", "Strict").SetHeader("Content-Type", mediaJSON).Body([]byte(double)))
	require.Equal(t, http.StatusBadRequest, code)
	require.Contains(t, string(body), `duplicate field \"spec.refreshInterval\"`)
}

// TestLargeObjects: what is too large is refused with a reason, at each of the
// limits that there are.
func TestLargeObjects(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	path := groupPath("namespaces", namespace, "externalsecrets")
	for _, test := range []struct {
		name  string
		where string
		bytes int
		code  int
		says  string
	}{
		{"body", "template", 2 << 20, http.StatusRequestEntityTooLarge, "limit is 3145728"},
		{"object", "template", 1 << 20, http.StatusRequestEntityTooLarge, "too large"},
		{"one-template", "one template", 2 << 20, http.StatusUnprocessableEntity, "spec.target.template.data[a]"},
		{"annotation", "annotation", 300 << 10, http.StatusUnprocessableEntity, "metadata.annotations: Too long"},
		{"fits", "template", 512 << 10, http.StatusCreated, ""},
	} {
		large := strings.Repeat("x", test.bytes)
		es := externalSecret(test.name)
		es.TypeMeta = metav1.TypeMeta{APIVersion: v1.SchemeGroupVersion.String(), Kind: v1.ExternalSecretKind}
		switch test.where {
		case "annotation":
			es.Annotations = map[string]string{"a": large}
		case "template":
			es.Spec.Target = &v1.ExternalSecretTarget{Template: &v1.ExternalSecretTemplate{Data: map[string]string{"a": large, "b": large}}}
		default:
			es.Spec.Target = &v1.ExternalSecretTarget{Template: &v1.ExternalSecretTemplate{Data: map[string]string{"a": large}}}
		}
		encoded, err := json.Marshal(es)
		require.NoError(t, err)
		code, _, answered, _ := answer(t.Context(), raw(t).Post().AbsPath(path).SetHeader("Content-Type", mediaJSON).Body(encoded))
		require.Equal(t, test.code, code, "%s: %.500s", test.name, answered)
		require.Contains(t, string(answered), test.says, test.name)
		if code != http.StatusCreated {
			require.Less(t, len(answered), 2000, "an error does not repeat what was sent")
		}
	}
}
