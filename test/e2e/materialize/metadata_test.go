package materialize

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	hostsecret "github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// becomes waits until a Secret's labels and annotations are these, beside the marks, and returns the Secret.
func (f *fixture) becomes(t *testing.T, name string, labels, annotations map[string]string) *corev1.Secret {
	t.Helper()
	var found *corev1.Secret
	framework.Eventually(t, "Secret "+name+" has its metadata", func(context.Context) error {
		secret, err := f.secret(t, name)
		if err != nil {
			return err
		}
		if !equalBesideMarks(secret.Labels, labels) || !equalBesideMarks(secret.Annotations, annotations) {
			return fmt.Errorf("it has labels %v and annotations %v", secret.Labels, secret.Annotations)
		}
		found = secret
		return nil
	})
	return found
}

func equalBesideMarks(got, want map[string]string) bool {
	besides := 0
	for key, value := range got {
		if strings.HasPrefix(key, "reconcile.external-secrets.io/") {
			continue
		}
		if want[key] != value {
			return false
		}
		besides++
	}
	return besides == len(want)
}

// Labels and annotations come and go with those of the ExternalSecret, or of its template; those of others stay. ESO forgets
// to take them away for names of 28 to 63 characters.
func TestMetadataFollowsTheSpec(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"db", strings.Repeat("n", 40), strings.Repeat("long-", 14) + "name"} {
		t.Run(fmt.Sprintf("a name of %d characters", len(name)), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			with := func(metadata, more string) {
				f.Kubectl.Apply(strings.Replace(app(name, more), "metadata: {name: "+name+"}", "metadata: {name: "+name+", "+metadata+"}", 1))
			}
			with(`labels: {a: "1", b: "1"}, annotations: {c: "1", d: "1"}`, "")
			written := f.becomes(t, name, map[string]string{"a": "1", "b": "1"}, map[string]string{"c": "1", "d": "1"})
			require.True(t, slices.ContainsFunc(written.ManagedFields, func(e metav1.ManagedFieldsEntry) bool {
				return e.Manager == hostsecret.FieldManager(name) && e.Operation == metav1.ManagedFieldsOperationUpdate
			}), written.ManagedFields)
			f.Kubectl.Run("label", "secret", name, "foreign=f")
			f.Kubectl.Run("annotate", "secret", name, "foreign=f")

			with(`labels: {a: "2"}, annotations: {c: "2"}`, "")
			f.becomes(t, name, map[string]string{"a": "2", "foreign": "f"}, map[string]string{"c": "2", "foreign": "f"})
			// With a template, and be it only metadata, the ExternalSecret's own are not copied.
			with(`labels: {a: "2"}, annotations: {c: "2"}`, "  target: {template: {metadata: {labels: {e: '{{ .password | len }}', f: f}}}}\n")
			length := fmt.Sprint(len(framework.FirstPassword))
			f.becomes(t, name, map[string]string{"e": length, "f": "f", "foreign": "f"}, map[string]string{"foreign": "f"})
			with(`labels: {a: "2"}, annotations: {c: "2"}`, "  target: {template: {metadata: {labels: {e: e}, annotations: {argocd.argoproj.io/sync-wave: '1'}}}}\n")
			f.becomes(t, name, map[string]string{"e": "e", "foreign": "f"}, map[string]string{"argocd.argoproj.io/sync-wave": "1", "foreign": "f"})
			with(`labels: {a: "2"}, annotations: {c: "2"}`, "  target: {template: {}}\n")
			left := f.becomes(t, name, map[string]string{"foreign": "f"}, map[string]string{"foreign": "f"})
			require.Equal(t, framework.FirstPassword, string(left.Data["password"]), "a template of metadata alone leaves the data")
		})
	}
}

// A merge writes with Update as its own field manager, keeps what others wrote, and takes away what it wrote before.
func TestMergeOwnsItsKeysAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, err := f.hostSecrets(t).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "db", Labels: map[string]string{"theirs": "t"}},
		Data:       map[string][]byte{"other": []byte("kept")},
	}, metav1.CreateOptions{FieldManager: "somebody"})
	require.NoError(t, err)
	merges := func(keys ...string) {
		var data []string
		for _, key := range keys {
			data = append(data, fmt.Sprintf("{secretKey: %s, remoteRef: {key: my-app, property: db_pass}}", key))
		}
		f.Kubectl.Apply(fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db}
spec:
  secretStoreRef: {name: vault}
  target: {creationPolicy: Merge}
  data: [%s]
`, strings.Join(data, ", ")))
	}
	merges("a", "b")
	f.holds(t, "db", "b", framework.FirstPassword)
	requireManagers(t, f, `{"f:a":{},"f:b":{}}`)

	merges("a", "c")
	secret := f.holds(t, "db", "c", framework.FirstPassword)
	require.NotContains(t, secret.Data, "b")
	require.Equal(t, "kept", string(secret.Data["other"]))
	require.Equal(t, "t", secret.Labels["theirs"])
	requireManagers(t, f, `{"f:a":{},"f:c":{}}`)
}

// requireManagers checks who wrote what of the Secret "db": somebody the key "other", the ExternalSecret these, and its marks.
func requireManagers(t *testing.T, f *fixture, data string) {
	t.Helper()
	secret, err := f.secret(t, "db")
	require.NoError(t, err)
	require.Len(t, secret.ManagedFields, 2)
	wrote := map[string]string{}
	for _, entry := range secret.ManagedFields {
		require.Equal(t, metav1.ManagedFieldsOperationUpdate, entry.Operation)
		fields, err := json.Marshal(entry.FieldsV1)
		require.NoError(t, err)
		wrote[entry.Manager] = string(fields)
	}
	require.JSONEq(t, `{"f:data":{".":{},"f:other":{}},"f:metadata":{"f:labels":{".":{},"f:theirs":{}}},"f:type":{}}`, wrote["somebody"])
	require.JSONEq(t, `{"f:data":`+data+`,"f:metadata":{"f:annotations":{".":{},"f:reconcile.external-secrets.io/data-hash":{}},`+
		`"f:labels":{"f:reconcile.external-secrets.io/managed":{}}}}`, wrote["externalsecrets.external-secrets.io/db"])
}
