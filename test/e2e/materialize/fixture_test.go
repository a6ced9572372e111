package materialize

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// fixture is a tenant with what these tests ask of it.
type fixture struct {
	*framework.Tenant
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	return &fixture{env.Tenant(t)}
}

// app is an ExternalSecret that takes the database password of the item my-app, with more below spec.
func app(name, more string) string {
	return fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %s}
spec:
  secretStoreRef: {name: vault}
  data: [{secretKey: password, remoteRef: {key: my-app, property: db_pass}}]
%s`, name, more)
}

func (f *fixture) secret(t *testing.T, name string) (*corev1.Secret, error) {
	t.Helper()
	return f.hostSecrets(t).Get(t.Context(), name, metav1.GetOptions{})
}

// holds waits until a Secret's key has a value, and returns the Secret.
func (f *fixture) holds(t *testing.T, name, key, want string) *corev1.Secret {
	t.Helper()
	var found *corev1.Secret
	framework.Eventually(t, fmt.Sprintf("Secret %s has %s", name, key), func(context.Context) error {
		secret, err := f.secret(t, name)
		if err != nil {
			return err
		}
		if got := string(secret.Data[key]); got != want {
			return fmt.Errorf("it is %q", got)
		}
		found = secret
		return nil
	})
	return found
}

// gone waits until there is no Secret of a name.
func (f *fixture) gone(t *testing.T, name string) {
	t.Helper()
	framework.Eventually(t, fmt.Sprintf("Secret %s is gone", name), func(context.Context) error {
		_, err := f.secret(t, name)
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is there (%v)", err)
	})
}

// ready waits for a Ready condition.
func (f *fixture) ready(t *testing.T, name string, status corev1.ConditionStatus, reason string) v1.ExternalSecretCondition {
	t.Helper()
	var found v1.ExternalSecretCondition
	framework.Eventually(t, fmt.Sprintf("ExternalSecret %s is Ready=%s for %s", name, status, reason), func(context.Context) error {
		for _, c := range f.Stored(t, name).Status.Conditions {
			if c.Type == v1.ExternalSecretReady && c.Status == status && ptr.Deref(c.Reason, "") == reason {
				found = c
				return nil
			}
		}
		return fmt.Errorf("its status is %+v", f.Stored(t, name).Status)
	})
	return found
}

func (f *fixture) synced(t *testing.T, name string) {
	f.ready(t, name, corev1.ConditionTrue, "SecretSynced")
}

func (f *fixture) hostSecrets(t *testing.T) typedv1.SecretInterface {
	t.Helper()
	return env.Host(t).CoreV1().Secrets(f.Namespace)
}
