package materialize

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

// Entries of one ExternalSecret come from several stores, of several providers. What is templated later wins.
func TestSeveralStoresAndTemplates(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: both}
spec:
  secretStoreRef: {name: vault}
  data:
  - {secretKey: password, remoteRef: {key: my-app, property: db_pass}}
  - {secretKey: token, remoteRef: {key: /cert-manager/CLOUDFLARE_API_TOKEN}, sourceRef: {storeRef: {name: folder}}}
  dataFrom:
  - find: {path: /cert-manager, name: {regexp: ^CLOUDFLARE}}
    sourceRef: {storeRef: {name: folder, kind: SecretStore}}
  target:
    template:
      mergePolicy: Merge
      templateFrom:
      - literal: "password: from\ntoken: from\nadded: '{{ .password }} {{ .token }}'"
      - literal: "token: later"
      data: {password: '<{{ .password }}>'}
`)
	const token = "demo-cert-manager-token-not-real"
	secret := f.holds(t, "both", "added", framework.FirstPassword+" "+token)
	require.Equal(t, map[string][]byte{
		"password": []byte("<" + framework.FirstPassword + ">"), "token": []byte("later"), "added": []byte(framework.FirstPassword + " " + token),
		"CLOUDFLARE_API_TOKEN": []byte(token),
	}, secret.Data)
}

func TestZeroBytesAreRefusedWhereAsked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Connect.AddItem("pitower", connect.Item{Title: "binary", Fields: []connect.Field{connect.Concealed("zero", "AGE=")}})
	for name, entry := range map[string]string{
		"data":    "data: [{secretKey: zero, remoteRef: {key: binary, property: zero, decodingStrategy: Base64, nullBytePolicy: POLICY}}]",
		"extract": "dataFrom: [{extract: {key: binary, decodingStrategy: Base64, nullBytePolicy: POLICY}}]",
		"find":    "dataFrom: [{find: {path: binary, name: {regexp: zero}, decodingStrategy: Base64, nullBytePolicy: POLICY}}]",
	} {
		t.Run(name, func(t *testing.T) {
			for _, policy := range []string{"Fail", "Ignore"} {
				f.Kubectl.Apply(fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %s}
spec:
  secretStoreRef: {name: vault}
  %s
`, name+"-"+strings.ToLower(policy), strings.Replace(entry, "POLICY", policy, 1)))
			}
			f.holds(t, name+"-ignore", "zero", "\x00a")
			condition := f.ready(t, name+"-fail", corev1.ConditionFalse, "SecretSyncedError")
			require.Contains(t, *condition.Message, "zero byte")
			_, err := f.secret(t, name+"-fail")
			require.Error(t, err)
		})
	}
}

// Reads, live as they are, change nothing that is stored.
func TestReadsChangeNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", "  refreshInterval: 1s\n"))
	f.synced(t, "db")
	before := f.Stored(t, "db")
	f.Connect.Requests.Reset()
	for range 10 {
		es, err := env.Clientset(t).ExternalSecretsV1().ExternalSecrets(f.Namespace).Get(t.Context(), "db", metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, before.ResourceVersion, es.ResourceVersion)
		require.Equal(t, before.Status.RefreshTime, es.Status.RefreshTime)
		require.Equal(t, before.Status.SyncedResourceVersion, es.Status.SyncedResourceVersion)
		require.NotNil(t, es.Status.Live)
		time.Sleep(300 * time.Millisecond) // Refreshes fall due meanwhile.
	}
	require.GreaterOrEqual(t, f.Connect.Requests.Total(), 10, "the provider was asked each time")
	require.Equal(t, before, f.Stored(t, "db"))
}

// One condition that holds is enough, whichever of its parts does.
func TestConditionsOfClusterStores(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Run("label", "namespace", f.Namespace, "tier=web")
	var manifests, names []string
	cases := map[string]struct {
		conditions string
		allowed    bool
	}{
		"none":                  {"[]", true},
		"empty":                 {"[{}]", false},
		"namespace":             {"[{namespaces: [other, NS]}]", true},
		"another-namespace":     {"[{namespaces: [other]}]", false},
		"label":                 {"[{namespaceSelector: {matchLabels: {tier: web}}}]", true},
		"another-label":         {"[{namespaceSelector: {matchLabels: {tier: db}}}]", false},
		"expression-of-labels":  {"[{namespaceSelector: {matchExpressions: [{key: tier, operator: In, values: [db, web]}]}}]", true},
		"regexp":                {"[{namespaceRegexes: ['^NS$']}]", true},
		"another-regexp":        {"[{namespaceRegexes: ['^other-']}]", false},
		"unanchored-regexp":     {"[{namespaceRegexes: ['2e-']}]", true},
		"one-part-of-several":   {"[{namespaces: [other], namespaceRegexes: ['^other$'], namespaceSelector: {matchLabels: {tier: web}}}]", true},
		"one-of-several":        {"[{namespaces: [other]}, {namespaces: [NS]}]", true},
		"none-of-several":       {"[{namespaces: [other]}, {namespaceSelector: {matchLabels: {tier: db}}}, {namespaceRegexes: ['^db']}]", false},
		"name-as-label-of-kube": {"[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NS}}}]", true},
	}
	for name, c := range cases {
		store := f.Namespace + "-" + name
		names = append(names, store)
		manifests = append(manifests, fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: %s}
spec:
  conditions: %s
  provider:
    onepassword:
      connectHost: %s
      vaults: {pitower: 1}
      auth: {secretRef: {connectTokenSecretRef: {name: token, namespace: %s, key: token}}}
`, store, strings.ReplaceAll(c.conditions, "NS", f.Namespace), f.Connect.URL(), f.Namespace),
			strings.Replace(app(name, ""), "{name: vault}", "{kind: ClusterSecretStore, name: "+store+"}", 1))
	}
	f.Kubectl.Apply(strings.Join(manifests, "---"))
	t.Cleanup(func() {
		for _, name := range names {
			client := env.Clientset(t).ExternalSecretsV1().ClusterSecretStores()
			require.NoError(t, client.Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{}))
		}
	})
	for name, c := range cases {
		if c.allowed {
			f.holds(t, name, "password", framework.FirstPassword)
			continue
		}
		condition := f.ready(t, name, corev1.ConditionFalse, "SecretSyncedError")
		require.Contains(t, *condition.Message, "conditions")
		_, err := f.secret(t, name)
		require.Error(t, err)
	}
}
