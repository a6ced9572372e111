package e2e

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// ownedSecret makes a Secret that an ExternalSecret owns.
func ownedSecret(t *testing.T, owner *v1.ExternalSecret) {
	t.Helper()
	_, err := env.Host(t).CoreV1().Secrets(owner.Namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: owner.Name,
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1.SchemeGroupVersion.String(), Kind: v1.ExternalSecretKind, Name: owner.Name, UID: owner.UID,
				Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
			}},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
}

func gone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return errors.Join(errors.New("it is there"), err)
}

// TestGarbageCollection has the real collector follow owners of our kind.
func TestGarbageCollection(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	client, secrets := externalSecrets(t, namespace), env.Host(t).CoreV1().Secrets(namespace)
	k := env.Kubectl(t).In(namespace)
	for _, cascade := range []string{"background", "foreground", "orphan"} {
		ownedSecret(t, createExternalSecret(t, namespace, cascade))
		k.Run("delete", "es", cascade, "--cascade="+cascade)
		framework.Eventually(t, cascade+": the ExternalSecret is gone", func(ctx context.Context) error {
			_, err := client.Get(ctx, cascade, metav1.GetOptions{})
			return gone(err)
		})
		if cascade == "orphan" {
			secret, err := secrets.Get(t.Context(), cascade, metav1.GetOptions{})
			require.NoError(t, err)
			require.Empty(t, secret.OwnerReferences)
			continue
		}
		framework.Eventually(t, cascade+": the Secret is gone", func(ctx context.Context) error {
			_, err := secrets.Get(ctx, cascade, metav1.GetOptions{})
			return gone(err)
		})
	}
}

// TestCollectionSparesTheLiving: the collector asks for an owner that it has not
// seen, and goes by the answer.
func TestCollectionSparesTheLiving(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	secrets := env.Host(t).CoreV1().Secrets(namespace)
	living := createExternalSecret(t, namespace, "living")
	ownedSecret(t, living)
	impostor := living.DeepCopy()
	impostor.Name, impostor.UID = "impostor", "00000000-0000-0000-0000-000000000000"
	ownedSecret(t, impostor)

	framework.Eventually(t, "what belongs to nobody is collected", func(ctx context.Context) error {
		_, err := secrets.Get(ctx, "impostor", metav1.GetOptions{})
		return gone(err)
	})
	_, err := secrets.Get(t.Context(), "living", metav1.GetOptions{})
	require.NoError(t, err)
}

func TestNamespaceDeletion(t *testing.T) {
	t.Parallel()
	host := env.Host(t)
	created, err := host.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-leaving-"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	namespace := created.Name
	env.Kubectl(t).In(namespace).Apply(idleStore)
	createExternalSecret(t, namespace, "free")
	createExternalSecret(t, namespace, "held", func(es *v1.ExternalSecret) { es.Finalizers = []string{"example.com/hold"} })

	require.NoError(t, host.CoreV1().Namespaces().Delete(t.Context(), namespace, metav1.DeleteOptions{}))
	client := externalSecrets(t, namespace)
	framework.Eventually(t, "all but the held one is gone", func(ctx context.Context) error {
		list, err := client.List(ctx, metav1.ListOptions{})
		if err == nil && len(list.Items) != 1 {
			err = errors.New("others are there")
		}
		return err
	})
	_, err = client.Create(t.Context(), externalSecret("late"), metav1.CreateOptions{})
	require.True(t, apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause), "%v", err)

	_, err = client.Patch(t.Context(), "held", "application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	framework.Eventually(t, "the namespace is gone", func(ctx context.Context) error {
		_, err := host.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		return gone(err)
	})
	_, err = client.Create(t.Context(), externalSecret("later"), metav1.CreateOptions{})
	require.True(t, apierrors.IsNotFound(err), "a namespace that is not there: %v", err)
}
