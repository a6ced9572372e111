package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	apply "github.com/live-secrets/external-secrets-apiserver/pkg/generated/applyconfiguration/externalsecrets/v1"
)

func TestPatches(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	for _, test := range []struct {
		name    string
		kind    types.PatchType
		patch   string
		keys    []string // of spec.data afterwards
		refresh string
	}{
		{"json", types.JSONPatchType, `[{"op":"replace","path":"/spec/refreshInterval","value":"5m"},
			{"op":"add","path":"/spec/data/-","value":{"secretKey":"user","remoteRef":{"key":"database"}}}]`,
			[]string{"password", "user"}, "5m"},
		{"merge", types.MergePatchType, `{"spec":{"refreshInterval":"6m","data":[{"secretKey":"only","remoteRef":{"key":"k"}}]}}`,
			[]string{"only"}, "6m"},
		// The lists of the schema are atomic: they are replaced here too.
		{"strategic", types.StrategicMergePatchType, `{"spec":{"refreshInterval":"7m","data":[{"secretKey":"only","remoteRef":{"key":"k"}}]}}`,
			[]string{"only"}, "7m"},
		// What is taken away comes back as the default.
		{"merge-null", types.MergePatchType, `{"spec":{"refreshInterval":null}}`, []string{"password"}, "1h0m0s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			createExternalSecret(t, namespace, test.name)
			patched, err := externalSecrets(t, namespace).Patch(t.Context(), test.name, test.kind, []byte(test.patch), metav1.PatchOptions{})
			require.NoError(t, err)
			require.Equal(t, test.refresh, *patched.Spec.RefreshInterval)
			var keys []string
			for _, entry := range patched.Spec.Data {
				keys = append(keys, entry.SecretKey)
			}
			require.Equal(t, test.keys, keys)
			require.Equal(t, "idle", *patched.Spec.SecretStoreRef.Name)
		})
	}
}

func TestBadPatches(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	before := createExternalSecret(t, namespace, "one")
	for _, test := range []struct {
		name  string
		kind  types.PatchType
		patch string
		says  string
	}{
		{"test that fails", types.JSONPatchType, `[{"op":"test","path":"/spec/refreshInterval","value":"9h"}]`, "error in our request"},
		{"path that is not there", types.JSONPatchType, `[{"op":"remove","path":"/spec/nothing"}]`, "error in our request"},
		{"not JSON", types.MergePatchType, `{"spec":`, "invalid JSON patch"},
		{"wrong type", types.MergePatchType, `{"spec":{"data":"all"}}`, "data"},
		{"against the rules", types.MergePatchType, `{"spec":{"refreshInterval":"often"}}`, "spec.refreshInterval"},
		{"another object", types.MergePatchType, `{"metadata":{"name":"two"}}`, "does not match the name on the URL"},
		{"another version", types.MergePatchType, `{"metadata":{"resourceVersion":"1"}}`, "the object has been modified"},
	} {
		_, err := externalSecrets(t, namespace).Patch(t.Context(), "one", test.kind, []byte(test.patch), metav1.PatchOptions{})
		var refused apierrors.APIStatus
		require.ErrorAs(t, err, &refused, test.name)
		status := refused.Status()
		require.Contains(t, status.String(), test.says, test.name)
		require.Less(t, status.Code, int32(500), test.name)
	}
	require.Equal(t, before, stored(t, namespace, "one"))
}

func TestServerSideApply(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	client := externalSecrets(t, namespace)
	interval := func(value string) *apply.ExternalSecretApplyConfiguration {
		return apply.ExternalSecret("shared", namespace).WithSpec(apply.ExternalSecretSpec().WithRefreshInterval(value))
	}
	whole := interval("5m")
	whole.Spec.WithSecretStoreRef(apply.SecretStoreRef().WithName("idle")).
		WithData(apply.ExternalSecretData().WithSecretKey("a").WithRemoteRef(apply.RemoteRef().WithKey("k")))

	created, err := client.Apply(t.Context(), whole, metav1.ApplyOptions{FieldManager: "alice"})
	require.NoError(t, err, "apply creates")
	again, err := client.Apply(t.Context(), whole, metav1.ApplyOptions{FieldManager: "alice"})
	require.NoError(t, err)
	require.Equal(t, created.ResourceVersion, again.ResourceVersion, "nothing changed")

	_, err = client.Apply(t.Context(), interval("9m"), metav1.ApplyOptions{FieldManager: "bob"})
	require.True(t, apierrors.IsConflict(err), "%v", err)
	require.ErrorContains(t, err, `conflict with "alice": .spec.refreshInterval`)
	_, err = client.Apply(t.Context(), interval("5m"), metav1.ApplyOptions{FieldManager: "bob"})
	require.NoError(t, err, "who wants the same value shares it")
	taken, err := client.Apply(t.Context(), interval("9m"), metav1.ApplyOptions{FieldManager: "bob", Force: true})
	require.NoError(t, err)
	require.Equal(t, "9m", *taken.Spec.RefreshInterval)
	require.Len(t, taken.Spec.Data, 1, "what bob does not name stays")

	// Alice no longer owns the interval, and gives up the data.
	less := apply.ExternalSecret("shared", namespace).WithSpec(apply.ExternalSecretSpec().
		WithSecretStoreRef(apply.SecretStoreRef().WithName("idle")).
		WithDataFrom(apply.ExternalSecretDataFrom().WithExtract(apply.RemoteRef().WithKey("k"))))
	final, err := client.Apply(t.Context(), less, metav1.ApplyOptions{FieldManager: "alice"})
	require.NoError(t, err)
	require.Empty(t, final.Spec.Data, "nobody owns it any more")
	require.Equal(t, "9m", *final.Spec.RefreshInterval)
}

func TestApplyToStatus(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	client := externalSecrets(t, namespace)
	before := createExternalSecret(t, namespace, "one")

	status := apply.ExternalSecret("one", namespace).
		WithStatus(apply.ExternalSecretStatus().WithSyncedResourceVersion("1-abc")).
		WithSpec(apply.ExternalSecretSpec().WithRefreshInterval("1s"))
	applied, err := client.ApplyStatus(t.Context(), status, metav1.ApplyOptions{FieldManager: "controller"})
	require.NoError(t, err)
	require.Equal(t, ptr.To("1-abc"), applied.Status.SyncedResourceVersion)
	require.Equal(t, before.Spec, applied.Spec)

	// Nobody owns what his request did not change.
	fields := map[string]string{}
	for _, entry := range applied.ManagedFields {
		fields[entry.Manager+"/"+entry.Subresource] = entry.FieldsV1.GetRawString()
	}
	require.NotContains(t, fields["controller/status"], "f:spec")
	_, err = client.Apply(t.Context(), apply.ExternalSecret("one", namespace).
		WithStatus(apply.ExternalSecretStatus().WithSyncedResourceVersion("2-def")),
		metav1.ApplyOptions{FieldManager: "user"})
	require.NoError(t, err)
	require.Equal(t, ptr.To("1-abc"), stored(t, namespace, "one").Status.SyncedResourceVersion)
}

func TestStatusSubresource(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	client := externalSecrets(t, namespace)
	condition := func(status string) []v1.ExternalSecretCondition {
		return []v1.ExternalSecretCondition{{Type: v1.ExternalSecretReady, Status: "True", Reason: ptr.To(status)}}
	}

	created := createExternalSecret(t, namespace, "one", func(es *v1.ExternalSecret) { es.Status.Conditions = condition("Wished") })
	require.Empty(t, created.Status.Conditions, "status cannot be created")
	created.Status.Conditions = condition("Wished")
	updated, err := client.Update(t.Context(), created, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.Empty(t, updated.Status.Conditions, "status cannot be set with the spec")
	require.Equal(t, created.ResourceVersion, updated.ResourceVersion)

	change := updated.DeepCopy()
	change.Spec.RefreshInterval = ptr.To("5m")
	change.Labels = map[string]string{"a": "b"}
	change.Status.Conditions = condition("Told")
	change.Status.Live = &v1.LiveStatus{State: v1.LiveInSync}
	told, err := client.UpdateStatus(t.Context(), change, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.Equal(t, condition("Told"), told.Status.Conditions)
	require.Nil(t, told.Status.Live, "what is live is not stored")
	require.Equal(t, created.Spec, told.Spec)
	require.Empty(t, told.Labels)
	require.Equal(t, created.Generation, told.Generation)

	told.Spec.RefreshInterval = ptr.To("6m")
	told.Status.Conditions = nil
	kept, err := client.Update(t.Context(), told, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.Equal(t, condition("Told"), kept.Status.Conditions, "an update of the spec keeps the status")

	_, err = client.UpdateStatus(t.Context(), externalSecret("none"), metav1.UpdateOptions{})
	require.Error(t, err)
}
