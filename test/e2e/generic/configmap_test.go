package generic

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	hostsecret "github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const configMap = "manifest: {apiVersion: v1, kind: ConfigMap}"

func TestConfigMap(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", "{name: written, "+configMap+"}"))
	written := f.has(t, configMaps, "written", framework.FirstPassword, "data", "password")
	f.ready(t, "db", corev1.ConditionTrue, "ResourceSynced")
	require.Equal(t, f.Stored(t, "db").UID, metav1.GetControllerOf(written).UID)
	require.Equal(t, hostsecret.LabelManagedValue, written.GetLabels()[hostsecret.LabelManaged])
	require.Equal(t, hostsecret.CreatedBy(f.Namespace, "db"), written.GetLabels()[hostsecret.LabelCreatedBy])
	require.Equal(t, hostsecret.ContentHash(written.Object["data"]), written.GetAnnotations()[hostsecret.AnnotationDataHash])
	require.Equal(t, hostsecret.FieldManager("db"), written.GetManagedFields()[0].Manager)
	require.Nil(t, f.Stored(t, "db").Status.Binding, "a binding names a Secret")
	f.live(t, "db", v1.LiveInSync)

	f.SetPassword("changed")
	f.has(t, configMaps, "written", "changed", "data", "password")

	f.Kubectl.Run("patch", "configmap", "written", "-p", `{"data":{"password":"tampered","extra":"x"}}`)
	f.becomes(t, configMaps, "written", func(o *unstructured.Unstructured) error {
		data, _, _ := unstructured.NestedStringMap(o.Object, "data")
		if len(data) != 1 || data["password"] != "changed" {
			return errors.New("what was changed is not repaired")
		}
		return nil
	})
	before := f.has(t, configMaps, "written", "changed", "data", "password")
	f.Kubectl.Run("delete", "configmap", "written")
	f.becomes(t, configMaps, "written", func(o *unstructured.Unstructured) error {
		if o.GetUID() == before.GetUID() {
			return errors.New("it is the one that was deleted")
		}
		return nil
	})

	f.Kubectl.Apply(app("db", "{name: renamed, "+configMap+"}"))
	f.has(t, configMaps, "renamed", "changed", "data", "password")
	f.gone(t, configMaps, "written")
	f.Kubectl.Run("delete", "externalsecret", "db")
	f.gone(t, configMaps, "renamed")
}

// A ConfigMap of somebody else's that only bears the mark, or only the reference, of an owner is not taken for a former target.
func TestFormerTargetsAreOwned(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", "{name: written, "+configMap+"}"))
	f.has(t, configMaps, "written", framework.FirstPassword, "data", "password")
	f.Kubectl.Run("create", "configmap", "kept")
	f.Kubectl.Run("label", "configmap", "kept", hostsecret.LabelCreatedBy+"="+hostsecret.CreatedBy(f.Namespace, "db"))
	f.Kubectl.Apply(app("db", "{name: renamed, "+configMap+"}"))
	f.gone(t, configMaps, "written")
	_, err := f.get(t, configMaps, "kept")
	require.NoError(t, err)
}

func TestChangeOfKind(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", "{}"))
	f.ready(t, "db", corev1.ConditionTrue, "SecretSynced")
	secrets := corev1.SchemeGroupVersion.WithResource("secrets")
	f.Kubectl.Apply(app("db", "{"+configMap+"}"))
	f.has(t, configMaps, "db", framework.FirstPassword, "data", "password")
	f.gone(t, secrets, "db")
	f.ready(t, "db", corev1.ConditionTrue, "ResourceSynced")

	f.Kubectl.Apply(app("db", "{manifest: {apiVersion: config.example.com/v1, kind: AppConfig}, template: {templateFrom: [{target: spec.database.password, literal: '{{ .password | quote }}'}]}}"))
	f.has(t, appConfigs, "db", framework.FirstPassword, "spec", "database", "password")
	f.gone(t, configMaps, "db")

	f.Kubectl.Apply(app("db", "{manifest: {apiVersion: v1, kind: Secret}}"))
	f.gone(t, appConfigs, "db")
	f.ready(t, "db", corev1.ConditionTrue, "SecretSynced")
}

func TestCreationPolicies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("orphan", "{creationPolicy: Orphan, "+configMap+"}") + "---" + app("merge", "{creationPolicy: Merge, "+configMap+"}") +
		"---" + app("both", "{creationPolicy: CreateOrMerge, "+configMap+"}") + "---" + app("none", "{creationPolicy: None, "+configMap+"}"))
	require.Empty(t, f.has(t, configMaps, "orphan", framework.FirstPassword, "data", "password").GetOwnerReferences())
	require.Empty(t, f.has(t, configMaps, "both", framework.FirstPassword, "data", "password").GetOwnerReferences())
	f.ready(t, "merge", corev1.ConditionTrue, "ResourceMissing")
	f.live(t, "merge", v1.LiveMissing)
	f.ready(t, "none", corev1.ConditionTrue, "ResourceSynced")
	f.live(t, "none", v1.LiveVirtual)
	for _, name := range []string{"merge", "none"} {
		_, err := f.get(t, configMaps, name)
		require.Error(t, err, name)
	}

	f.Kubectl.Run("create", "configmap", "merge", "--from-literal=other=kept", "--from-literal=password=old")
	f.has(t, configMaps, "merge", framework.FirstPassword, "data", "password")
	f.Kubectl.Run("delete", "externalsecret", "orphan", "merge", "both")
	f.Kubectl.Run("wait", "--for=delete", "externalsecret/merge", "--timeout=60s")
	f.has(t, configMaps, "merge", "kept", "data", "other")
	f.has(t, configMaps, "orphan", framework.FirstPassword, "data", "password")
}

func TestDeletionPolicies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("deleted", "{deletionPolicy: Delete, "+configMap+"}") + "---" + app("retained", "{"+configMap+"}") +
		"---" + app("merged", "{deletionPolicy: Merge, creationPolicy: Merge, "+configMap+"}"))
	f.Kubectl.Run("create", "configmap", "merged", "--from-literal=other=kept")
	for _, name := range []string{"deleted", "retained", "merged"} {
		f.has(t, configMaps, name, framework.FirstPassword, "data", "password")
	}
	f.Connect.DeleteItem("pitower", "my-app")
	f.gone(t, configMaps, "deleted")
	f.ready(t, "deleted", corev1.ConditionTrue, "ResourceDeleted")
	f.ready(t, "retained", corev1.ConditionFalse, "ResourceSyncedError")
	f.has(t, configMaps, "retained", framework.FirstPassword, "data", "password")
	f.has(t, configMaps, "merged", map[string]any{"other": "kept"}, "data")
}
