package generic

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

var (
	configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	appConfigs = schema.GroupVersionResource{Group: "config.example.com", Version: "v1", Resource: "appconfigs"}
)

// definition is of a kind with a default, a status and a list.
const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: appconfigs.config.example.com}
spec:
  group: config.example.com
  scope: Namespaced
  names: {plural: appconfigs, singular: appconfig, kind: AppConfig}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              database:
                type: object
                properties:
                  password: {type: string}
                  port: {type: integer}
                  timeout: {type: string, default: 30s}
              users:
                type: array
                items: {type: object, properties: {name: {type: string}, role: {type: string, default: reader}}}
              replicas: {type: integer}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
`

// rights are those of an administrator who lets ExternalSecrets write the kind.
const rights = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: appconfig-writer}
rules:
- apiGroups: [config.example.com]
  resources: [appconfigs]
  verbs: [get, list, watch, create, update, delete]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: appconfig-writer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: appconfig-writer}
subjects: [{kind: ServiceAccount, name: external-secrets-apiserver, namespace: external-secrets}]
`

// prepare installs, once, the kind and the rights to it and to ConfigMaps.
var prepare sync.Once

// fixture is a tenant with what these tests ask of it.
type fixture struct {
	*framework.Tenant
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	prepare.Do(func() {
		kubectl := env.Kubectl(t)
		kubectl.Apply(definition)
		kubectl.Run("wait", "--for=condition=Established", "crd/appconfigs.config.example.com", "--timeout=60s")
		kubectl.Apply(rights)
		dir, err := framework.ManifestDir()
		require.NoError(t, err)
		kubectl.Run("apply", "-f", filepath.Join(dir, "rbac-generic-targets.yaml"))
	})
	return &fixture{env.Tenant(t)}
}

// app is an ExternalSecret of the database password of the item my-app, with a target.
func app(name, target string) string {
	return fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %s}
spec:
  secretStoreRef: {name: vault}
  data: [{secretKey: password, remoteRef: {key: my-app, property: db_pass}}]
  target: %s
`, name, target)
}

func (f *fixture) get(t *testing.T, r schema.GroupVersionResource, name string) (*unstructured.Unstructured, error) {
	t.Helper()
	return env.Dynamic(t).Resource(r).Namespace(f.Namespace).Get(t.Context(), name, metav1.GetOptions{})
}

// becomes waits until check finds nothing wrong with an object, and returns the object.
func (f *fixture) becomes(t *testing.T, r schema.GroupVersionResource, name string, check func(*unstructured.Unstructured) error) *unstructured.Unstructured {
	t.Helper()
	var found *unstructured.Unstructured
	framework.Eventually(t, fmt.Sprintf("%s %s is as it should be", r.Resource, name), func(context.Context) error {
		object, err := f.get(t, r, name)
		if err != nil {
			return err
		}
		found = object
		return check(object)
	})
	return found
}

// has waits until a field of an object has a value.
func (f *fixture) has(t *testing.T, r schema.GroupVersionResource, name string, want any, path ...string) *unstructured.Unstructured {
	t.Helper()
	return f.becomes(t, r, name, func(o *unstructured.Unstructured) error {
		if got, _, _ := unstructured.NestedFieldNoCopy(o.Object, path...); fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("%v is %v", path, got)
		}
		return nil
	})
}

func (f *fixture) gone(t *testing.T, r schema.GroupVersionResource, name string) {
	t.Helper()
	framework.Eventually(t, fmt.Sprintf("%s %s is gone", r.Resource, name), func(context.Context) error {
		if _, err := f.get(t, r, name); !apierrors.IsNotFound(err) {
			return fmt.Errorf("it is there (%v)", err)
		}
		return nil
	})
}

// ready waits for a Ready condition and returns its message.
func (f *fixture) ready(t *testing.T, name string, status corev1.ConditionStatus, reason string) string {
	t.Helper()
	var message string
	framework.Eventually(t, fmt.Sprintf("ExternalSecret %s is Ready=%s for %s", name, status, reason), func(context.Context) error {
		es := f.Stored(t, name)
		for _, c := range es.Status.Conditions {
			if c.Type == v1.ExternalSecretReady && c.Status == status && ptr.Deref(c.Reason, "") == reason {
				message = ptr.Deref(c.Message, "")
				return nil
			}
		}
		return fmt.Errorf("its status is %+v", es.Status)
	})
	return message
}

// live waits for a state of status.live.
func (f *fixture) live(t *testing.T, name string, state v1.LiveState) {
	t.Helper()
	framework.Eventually(t, fmt.Sprintf("ExternalSecret %s is %s", name, state), func(ctx context.Context) error {
		es, err := env.Clientset(t).ExternalSecretsV1().ExternalSecrets(f.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if es.Status.Live == nil || es.Status.Live.State != state {
			return fmt.Errorf("it is %+v", es.Status.Live)
		}
		return nil
	})
}
