package matrix

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/storespec"
)

// fixture is a tenant whose rows have a vault and a store each, so that none of them waits for what another changes.
type fixture struct {
	*framework.Tenant
	host   kubernetes.Interface
	client versioned.Interface
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	config := rest.CopyConfig(env.ControlPlane.RESTConfig())
	config.QPS = -1 // All rows use it.
	host, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	client, err := versioned.NewForConfig(config)
	require.NoError(t, err)
	return &fixture{env.Tenant(t), host, client}
}

// addStore makes a vault, an item "app" in it, and a store that shows it.
func (f *fixture) addStore(t *testing.T, name, value string) {
	t.Helper()
	f.Connect.AddVault(name).AddItem(connect.Item{Title: "app", Fields: []connect.Field{connect.Concealed("value", value)}})
	_, err := f.client.ExternalSecretsV1().SecretStores(f.Namespace).Create(t.Context(), &v1.SecretStore{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1.SecretStoreSpec{Provider: storespec.Connect(f.Connect.URL(), storespec.Key("token", "token"), name)},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
}

// add makes an ExternalSecret of the item "app" of a store.
func (f *fixture) add(t *testing.T, name, store string, change func(*v1.ExternalSecretSpec)) {
	t.Helper()
	es := &v1.ExternalSecret{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1.ExternalSecretSpec{
			SecretStoreRef: &v1.SecretStoreRef{Name: &store},
			Data:           []v1.ExternalSecretData{{SecretKey: "value", RemoteRef: v1.RemoteRef{Key: "app", Property: ptr.To("value")}}},
			Target:         &v1.ExternalSecretTarget{},
		},
	}
	change(&es.Spec)
	_, err := f.client.ExternalSecretsV1().ExternalSecrets(f.Namespace).Create(t.Context(), es, metav1.CreateOptions{})
	require.NoError(t, err)
}

// remove deletes an ExternalSecret and waits until it is gone.
func (f *fixture) remove(t *testing.T, name string, propagation metav1.DeletionPropagation) {
	t.Helper()
	client := f.client.ExternalSecretsV1().ExternalSecrets(f.Namespace)
	require.NoError(t, client.Delete(t.Context(), name, metav1.DeleteOptions{PropagationPolicy: &propagation}))
	framework.Eventually(t, "ExternalSecret "+name+" is gone", func(ctx context.Context) error {
		_, err := client.Get(ctx, name, metav1.GetOptions{ResourceVersion: "0"})
		return isGone(err)
	})
}

// secret is a Secret as it stands, nil where there is none.
func (f *fixture) secret(t *testing.T, name string) *corev1.Secret {
	t.Helper()
	secret, err := f.host.CoreV1().Secrets(f.Namespace).Get(t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	require.NoError(t, err)
	return secret
}

// drop deletes a Secret.
func (f *fixture) drop(t *testing.T, name string) {
	t.Helper()
	require.NoError(t, f.host.CoreV1().Secrets(f.Namespace).Delete(t.Context(), name, metav1.DeleteOptions{}))
}

// holds waits until a Secret has a value.
func (f *fixture) holds(t *testing.T, name, value string) {
	t.Helper()
	framework.Eventually(t, fmt.Sprintf("Secret %s holds %s", name, value), func(ctx context.Context) error {
		secret, err := f.host.CoreV1().Secrets(f.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err == nil && string(secret.Data["value"]) != value {
			err = fmt.Errorf("it holds %q", secret.Data["value"])
		}
		return err
	})
}

func (f *fixture) gone(t *testing.T, name string) {
	t.Helper()
	framework.Eventually(t, "Secret "+name+" is gone", func(ctx context.Context) error {
		_, err := f.host.CoreV1().Secrets(f.Namespace).Get(ctx, name, metav1.GetOptions{})
		return isGone(err)
	})
}

func isGone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return errors.Join(errors.New("it is there"), err)
}

// ready waits until an ExternalSecret is ready for a reason, as it is now.
func (f *fixture) ready(t *testing.T, name, reason string) {
	t.Helper()
	framework.Eventually(t, "ExternalSecret "+name+" is ready for "+reason, func(context.Context) error {
		status := f.Stored(t, name).Status
		for _, c := range status.Conditions {
			if c.Status == corev1.ConditionTrue && ptr.Deref(c.Reason, "") == reason {
				return nil
			}
		}
		return fmt.Errorf("its conditions are %+v", status.Conditions)
	})
}
