package generic

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const appConfig = `
    manifest: {apiVersion: config.example.com/v1, kind: AppConfig}
    template:
      metadata:
        labels: {length: '{{ len .password }}'}
      templateFrom:
      - target: spec.database
        literal: |
          password: {{ .password | quote }}
          port: 5432
      - target: spec.users[0].name
        literal: '{{ .password | trunc 4 }}'
`

func TestCustomResource(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", appConfig))
	written := f.has(t, appConfigs, "db", framework.FirstPassword, "spec", "database", "password")
	f.ready(t, "db", corev1.ConditionTrue, "ResourceSynced")
	require.Equal(t, fmt.Sprint(len(framework.FirstPassword)), written.GetLabels()["length"], "labels are rendered")
	port, _, _ := unstructured.NestedInt64(written.Object, "spec", "database", "port")
	require.EqualValues(t, 5432, port)
	users, _, _ := unstructured.NestedSlice(written.Object, "spec", "users")
	require.Equal(t, []any{map[string]any{"name": framework.FirstPassword[:4], "role": "reader"}}, users)
	require.NotNil(t, metav1.GetControllerOf(written))
	f.live(t, "db", v1.LiveInSync)

	// What the host defaulted, and what others write, stays through our writes; their writes to it cause none of ours.
	objects := env.Dynamic(t).Resource(appConfigs).Namespace(f.Namespace)
	framework.Eventually(t, "a controller reports", func(ctx context.Context) error {
		o, err := objects.Get(ctx, "db", metav1.GetOptions{})
		if err == nil {
			o.Object["status"] = map[string]any{"phase": "Running"}
			_, err = objects.UpdateStatus(ctx, o, metav1.UpdateOptions{FieldManager: "controller"})
		}
		return err
	})
	f.live(t, "db", v1.LiveInSync)
	f.Kubectl.Run("patch", "appconfig", "db", "--type=merge", "-p", `{"spec":{"replicas":3}}`)
	f.SetPassword("changed")
	changed := f.has(t, appConfigs, "db", "changed", "spec", "database", "password")
	for path, want := range map[string]any{"timeout": "30s", "port": int64(5432)} {
		got, _, _ := unstructured.NestedFieldNoCopy(changed.Object, "spec", "database", path)
		require.Equal(t, want, got, path)
	}
	require.Equal(t, map[string]any{"phase": "Running"}, changed.Object["status"])
	f.has(t, appConfigs, "db", 3, "spec", "replicas")

	f.Kubectl.Run("patch", "appconfig", "db", "--type=merge", "-p", `{"spec":{"database":{"password":"tampered"}}}`)
	f.has(t, appConfigs, "db", "changed", "spec", "database", "password")
	f.Kubectl.Run("delete", "appconfig", "db")
	f.has(t, appConfigs, "db", "changed", "spec", "database", "password")

	// What is no longer rendered goes; what was defaulted beside it stays.
	f.Kubectl.Apply(app("db", "{manifest: {apiVersion: config.example.com/v1, kind: AppConfig}, template: {templateFrom: [{target: spec.database.password, literal: '{{ .password | quote }}'}]}}"))
	f.has(t, appConfigs, "db", map[string]any{"password": "changed", "timeout": "30s"}, "spec", "database")
	f.Kubectl.Run("delete", "externalsecret", "db")
	f.gone(t, appConfigs, "db")
}

// An object that stands as it should, with what the host defaulted in it, is adopted without a write.
func TestAdoption(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	orphan := app("db", appConfig+"    creationPolicy: Orphan\n")
	f.Kubectl.Apply(orphan)
	f.ready(t, "db", corev1.ConditionTrue, "ResourceSynced")
	before, err := f.get(t, appConfigs, "db")
	require.NoError(t, err)
	f.Kubectl.Run("delete", "externalsecret", "db")
	f.Kubectl.Run("wait", "--for=delete", "externalsecret/db", "--timeout=60s")
	f.Kubectl.Apply(orphan)
	f.ready(t, "db", corev1.ConditionTrue, "ResourceSynced")
	f.live(t, "db", v1.LiveInSync)
	after, err := f.get(t, appConfigs, "db")
	require.NoError(t, err)
	require.Equal(t, before.GetUID(), after.GetUID())
	require.Equal(t, before.GetResourceVersion(), after.GetResourceVersion())
}

// Values are never taken for templates, wherever the template comes from.
func TestValuesAreNotExecuted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const value = `{{ .password }}{{ fail "executed" }}`
	f.SetPassword(value)
	f.Kubectl.Run("create", "configmap", "templates", "--from-literal=text=is {{ .password }}")
	f.Kubectl.Apply(app("db", `
    manifest: {apiVersion: v1, kind: ConfigMap}
    template:
      metadata: {annotations: {note: '{{ .password }}'}}
      data: {inline: '{{ .password }}'}
      templateFrom: [{configMap: {name: templates, items: [{key: text}]}}]
`))
	written := f.has(t, configMaps, "db", "is "+value, "data", "text")
	f.has(t, configMaps, "db", value, "data", "inline")
	require.Equal(t, value, written.GetAnnotations()["note"])
}

// What cannot be known at admission is said by the condition.
func TestKindsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct{ kind, want string }{
		"unserved": {"{apiVersion: nobody.example.com/v1, kind: Thing}", "the host cluster does not serve Thing of nobody.example.com/v1"},
		"unknown":  {"{apiVersion: v1, kind: Thing}", "the host cluster does not serve Thing of v1"},
		"cluster":  {"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole}", "is not of a namespace"},
		"rights":   {"{apiVersion: apps/v1, kind: Deployment}", "the host cluster does not allow it: missing rights"},
	} {
		f.Kubectl.Apply(app(name, "{manifest: "+c.kind+"}"))
		message := f.ready(t, name, corev1.ConditionFalse, "ResourceSyncedError")
		require.Contains(t, message, c.want, name)
		require.Contains(t, message, "invalid generic target", name)
	}
}

// A kind that comes, goes and comes again is written without a restart.
func TestKindThatComesLater(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", "{manifest: {apiVersion: later.example.com/v1, kind: Late}, template: {templateFrom: [{target: spec, literal: 'password: {{ .password | quote }}'}]}}"))
	f.ready(t, "db", corev1.ConditionFalse, "ResourceSyncedError")
	env.Kubectl(t).Apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: late-writer}
rules: [{apiGroups: [later.example.com], resources: [lates], verbs: [get, list, watch, create, update, delete]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: late-writer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: late-writer}
subjects: [{kind: ServiceAccount, name: external-secrets-apiserver, namespace: external-secrets}]
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lates.later.example.com}
spec:
  group: later.example.com
  scope: Namespaced
  names: {plural: lates, singular: late, kind: Late}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`)
	lates := appConfigs
	lates.Group, lates.Resource = "later.example.com", "lates"
	f.has(t, lates, "db", framework.FirstPassword, "spec", "password")
	f.ready(t, "db", corev1.ConditionTrue, "ResourceSynced")
	env.Kubectl(t).Run("delete", "crd", "lates.later.example.com")
	message := f.ready(t, "db", corev1.ConditionFalse, "ResourceSyncedError")
	require.NotContains(t, message, framework.FirstPassword)
}

func TestSomebodyElses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("first", "{name: shared, "+configMap+"}"))
	f.has(t, configMaps, "shared", framework.FirstPassword, "data", "password")
	f.Kubectl.Apply(app("second", "{name: shared, "+configMap+"}"))
	require.Contains(t, f.ready(t, "second", corev1.ConditionFalse, "ResourceSyncedError"), "owned by another ExternalSecret")
}

func TestAdmission(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for target, want := range map[string]string{
		"{manifest: {apiVersion: external-secrets.io/v1, kind: SecretStore}}":                                       "spec.target.manifest.apiVersion",
		"{manifest: {apiVersion: v1, kind: config map}}":                                                            "spec.target.manifest.kind",
		"{" + configMap + ", template: {templateFrom: [{literal: x, target: metadata.ownerReferences}]}}":           "spec.target.template.templateFrom[0].target",
		"{" + configMap + ", template: {templateFrom: [{literal: x, target: 'spec.items[100].name'}]}}":             "from 0 to 99",
		"{manifest: {apiVersion: v1, kind: Secret}, template: {templateFrom: [{literal: x, target: spec.values}]}}": "spec.target.template.templateFrom[0].target",
	} {
		require.Contains(t, f.Kubectl.Fails(app("db", target), "apply", "-f", "-"), want, target)
	}
}

func TestSecretSubresource(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", "{"+configMap+"}"))
	f.ready(t, "db", corev1.ConditionTrue, "ResourceSynced")
	refused := f.Kubectl.Fails("", "get", "externalsecret", "db", "--subresource=secret", "-o", "yaml")
	require.Contains(t, refused, "only a Secret can be read")
	require.NotContains(t, refused, framework.FirstPassword)
}

// Whoever may write ExternalSecrets and no ConfigMaps has this server write none.
func TestAuthorsNeedTheRightThemselves(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Run("create", "rolebinding", "author", "--clusterrole=external-secrets-editor", "--user=ann")
	const manifest = "{manifest: {apiVersion: v1, kind: ConfigMap}}"
	author := f.Kubectl.As("ann")
	refused := author.Fails(app("db", manifest), "create", "-f", "-")
	require.Contains(t, refused, `user "ann" cannot create resource "configmaps"`)
	require.Contains(t, refused, "spec.target.manifest")

	f.Kubectl.Run("create", "role", "writer", "--verb=create,update", "--resource=configmaps")
	f.Kubectl.Run("create", "rolebinding", "writer", "--role=writer", "--user=ann")
	framework.Eventually(t, "the host knows of the right", func(context.Context) error {
		_, stderr, err := author.Do(app("db", manifest), "create", "-f", "-")
		if err != nil {
			return fmt.Errorf("%w: %s", err, stderr)
		}
		return nil
	})
	f.has(t, configMaps, "db", framework.FirstPassword, "data", "password")
}
