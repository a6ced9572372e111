package e2e

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
)

// inEtcd reads what is stored of an object, from the server's own etcd.
func inEtcd(t *testing.T, resource, namespace, name string) map[string]any {
	t.Helper()
	client, err := env.Server.Etcd()
	require.NoError(t, err)
	defer client.Close()
	key := fmt.Sprintf("/registry/external-secrets.io/external-secrets.io/%s/%s/%s", resource, namespace, name)
	answer, err := client.Get(t.Context(), key)
	require.NoError(t, err)
	require.Len(t, answer.Kvs, 1, key)
	var object map[string]any
	require.NoError(t, json.Unmarshal(answer.Kvs[0].Value, &object))
	return object
}

// everyWish has, of every kind of field, what an encoder may lose: an explicit
// false, an empty string, map and list, and zero.
const everyWish = `
secretStoreRef: {name: idle}
refreshInterval: "0"
target:
  creationPolicy: Orphan
  deletionPolicy: Retain
  immutable: false
  template:
    type: ""
    engineVersion: v2
    mergePolicy: Replace
    metadata: {labels: {}, annotations: {a: ""}, finalizers: []}
    data: {}
    templateFrom: []
data:
- secretKey: a
  remoteRef: {key: k, property: "", version: "", decodingStrategy: None}
dataFrom:
- find: {name: {}, tags: {}, path: ""}
  rewrite: []
  sourceRef: {storeRef: {name: idle}}
`

// TestStoredAsSent: what is stored, and what comes back, is what was sent and the
// defaults of the schema.
func TestStoredAsSent(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	k := env.Kubectl(t).In(namespace)
	for name, spec := range map[string]string{
		"minimal": "secretStoreRef: {name: idle}\ndata: [{secretKey: a, remoteRef: {key: k}}]\n",
		"every":   everyWish,
	} {
		var sent map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(spec), &sent))
		object := map[string]any{
			"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
			"metadata": map[string]any{"name": name}, "spec": sent,
		}
		body, err := json.Marshal(object)
		require.NoError(t, err)
		k.Input(string(body), "create", "-f", "-")

		want := sent
		if name == "minimal" {
			want["refreshInterval"] = "1h0m0s"
			want["target"] = map[string]any{"creationPolicy": "Owner", "deletionPolicy": "Retain"}
		}
		held := inEtcd(t, "externalsecrets", namespace, name)
		require.Equal(t, want, held["spec"], name)
		require.NotContains(t, held, "status", "nobody has written one")

		var read map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(k.Run("get", "es", name, "-o", "yaml")), &read))
		require.Equal(t, want, read["spec"], name)

		// What a Go client reads and writes back is the same.
		es := stored(t, namespace, name)
		es.Labels = map[string]string{"read-and": "written"}
		_, err = externalSecrets(t, namespace).Update(t.Context(), es, metav1.UpdateOptions{})
		require.NoError(t, err)
		require.Equal(t, want, inEtcd(t, "externalsecrets", namespace, name)["spec"], name)
	}

	var store map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(idleStore), &store))
	require.Equal(t, store["spec"], normal(t, inEtcd(t, "secretstores", namespace, "idle")["spec"]))
}

// normal brings numbers into one form.
func normal(t *testing.T, object any) any {
	t.Helper()
	encoded, err := json.Marshal(object)
	require.NoError(t, err)
	var decoded any
	require.NoError(t, json.Unmarshal(encoded, &decoded))
	return decoded
}

// TestLiveStaysOutOfEtcd: a list is live, and its objects are those of the watch
// cache, which the next patch starts from.
func TestLiveStaysOutOfEtcd(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	createExternalSecret(t, namespace, "one")
	client := externalSecrets(t, namespace)
	list, err := client.List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.NotNil(t, list.Items[0].Status.Live)
	got, err := client.Get(t.Context(), "one", metav1.GetOptions{})
	require.NoError(t, err)
	require.NotNil(t, got.Status.Live)

	patched, err := client.Patch(t.Context(), "one", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	require.Nil(t, patched.Status.Live)
	require.NotContains(t, inEtcd(t, "externalsecrets", namespace, "one"), "status")

	// Somebody writes back what he has read.
	got.ResourceVersion = patched.ResourceVersion
	got.Labels = map[string]string{"a": "c"}
	_, err = client.Update(t.Context(), got, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.NotContains(t, inEtcd(t, "externalsecrets", namespace, "one"), "status")
	raw := inEtcd(t, "externalsecrets", namespace, "one")
	for _, entry := range raw["metadata"].(map[string]any)["managedFields"].([]any) {
		require.NotContains(t, fmt.Sprint(entry), "f:live")
	}
}

// TestKillDuringWrites: what was acknowledged is there after the process was
// killed, and what is there was asked for.
func TestKillDuringWrites(t *testing.T) {
	namespace := apiNamespace(t)
	config := rest.CopyConfig(env.ControlPlane.RESTConfig())
	clientset, err := versioned.NewForConfig(config)
	require.NoError(t, err)
	client := clientset.ExternalSecretsV1().ExternalSecrets(namespace)

	const writers = 4
	var acknowledged sync.Map
	var running sync.WaitGroup
	enough := make(chan struct{})
	for w := range writers {
		running.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("w%d-%d", w, i)
				if _, err := client.Create(t.Context(), externalSecret(name), metav1.CreateOptions{}); err != nil {
					return
				}
				acknowledged.Store(name, true)
				if w == 0 && i == 20 {
					close(enough)
				}
			}
		})
	}
	<-enough
	env.Server.Kill(t)
	running.Wait()
	env.Server.Start(t)

	list, err := externalSecrets(t, namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	there := map[string]bool{}
	for i := range list.Items {
		there[list.Items[i].Name] = true
		require.Equal(t, "idle", *list.Items[i].Spec.SecretStoreRef.Name)
	}
	count := 0
	acknowledged.Range(func(name, _ any) bool {
		count++
		require.True(t, there[name.(string)], "%s was acknowledged", name)
		return true
	})
	require.GreaterOrEqual(t, count, 20)
	require.LessOrEqual(t, len(there), count+writers, "each writer had one request in flight")
	_, err = client.Create(t.Context(), externalSecret("after"), metav1.CreateOptions{})
	require.NoError(t, err)
}
