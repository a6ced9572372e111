package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

func TestCreateReadUpdateDelete(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	client := externalSecrets(t, namespace)

	created := createExternalSecret(t, namespace, "one")
	require.EqualValues(t, 1, created.Generation)
	require.NotEmpty(t, created.UID)
	require.Equal(t, "1h0m0s", *created.Spec.RefreshInterval, "the default of the schema")
	require.Equal(t, v1.CreationOwner, *created.Spec.Target.CreationPolicy)

	_, err := client.Create(t.Context(), externalSecret("one"), metav1.CreateOptions{})
	require.True(t, apierrors.IsAlreadyExists(err), "%v", err)

	read, err := client.Get(t.Context(), "one", metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, created.ResourceVersion, read.ResourceVersion)
	require.Equal(t, created.Spec, read.Spec)

	read.Spec.RefreshInterval = ptr.To("5m")
	updated, err := client.Update(t.Context(), read, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 2, updated.Generation)
	require.NotEqual(t, read.ResourceVersion, updated.ResourceVersion)

	updated.Labels = map[string]string{"a": "b"}
	labelled, err := client.Update(t.Context(), updated, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 2, labelled.Generation, "the generation counts changes of the spec")

	_, err = client.Update(t.Context(), read, metav1.UpdateOptions{})
	require.True(t, apierrors.IsConflict(err), "an update of an old version: %v", err)
	read.ResourceVersion = ""
	_, err = client.Update(t.Context(), read, metav1.UpdateOptions{})
	require.True(t, apierrors.IsInvalid(err), "an update of no version: %v", err)
	require.ErrorContains(t, err, "metadata.resourceVersion")

	stale := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &created.ResourceVersion}}
	require.True(t, apierrors.IsConflict(client.Delete(t.Context(), "one", stale)))
	require.NoError(t, client.Delete(t.Context(), "one", metav1.DeleteOptions{}))
	_, err = client.Get(t.Context(), "one", metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err), "%v", err)
	_, err = client.Update(t.Context(), labelled, metav1.UpdateOptions{})
	require.True(t, apierrors.IsNotFound(err), "an update creates nothing: %v", err)
}

func TestGenerateName(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	var names []string
	for range 2 {
		created := createExternalSecret(t, namespace, "", func(es *v1.ExternalSecret) { es.GenerateName = "some-" })
		require.Regexp(t, `^some-[a-z0-9]{5}$`, created.Name)
		names = append(names, created.Name)
	}
	require.NotEqual(t, names[0], names[1])
}

func TestBadNames(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	for _, name := range []string{"Upper", "under_score", "a b", "-a", strings.Repeat("a", 254)} {
		_, err := externalSecrets(t, namespace).Create(t.Context(), externalSecret(name), metav1.CreateOptions{})
		require.True(t, apierrors.IsInvalid(err), "%v", err)
		require.ErrorContains(t, err, "metadata.name")
	}
	_, err := externalSecrets(t, namespace).Create(t.Context(), externalSecret(""), metav1.CreateOptions{})
	require.ErrorContains(t, err, "name or generateName is required")
}

func TestDeleteCollection(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	client := externalSecrets(t, namespace)
	for i := range 6 {
		createExternalSecret(t, namespace, fmt.Sprintf("es-%d", i), func(es *v1.ExternalSecret) {
			es.Labels = map[string]string{"parity": []string{"even", "odd"}[i%2]}
		})
	}
	err := client.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "parity=odd"})
	require.NoError(t, err)
	left, err := client.List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, left.Items, 3)
	for i := range left.Items {
		require.Equal(t, "even", left.Items[i].Labels["parity"])
	}
}

func TestFinalizers(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	client := externalSecrets(t, namespace)
	createExternalSecret(t, namespace, "held", func(es *v1.ExternalSecret) { es.Finalizers = []string{"example.com/hold"} })

	require.NoError(t, client.Delete(t.Context(), "held", metav1.DeleteOptions{}))
	leaving := stored(t, namespace, "held")
	require.NotNil(t, leaving.DeletionTimestamp)

	leaving.Finalizers = append(leaving.Finalizers, "example.com/late")
	_, err := client.Update(t.Context(), leaving, metav1.UpdateOptions{})
	require.ErrorContains(t, err, "metadata.finalizers", "what is leaving takes no new finalizer")

	leaving.Finalizers = nil
	_, err = client.Update(t.Context(), leaving, metav1.UpdateOptions{})
	require.NoError(t, err)
	framework.Eventually(t, "it is gone", func(ctx context.Context) error {
		if _, err := client.Get(ctx, "held", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return errors.Join(errors.New("it is there"), err)
		}
		return nil
	})
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	client := externalSecrets(t, namespace)
	dry := []string{metav1.DryRunAll}

	_, err := client.Create(t.Context(), externalSecret("never"), metav1.CreateOptions{DryRun: dry})
	require.NoError(t, err)
	_, err = client.Get(t.Context(), "never", metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err), "%v", err)

	created := createExternalSecret(t, namespace, "stays")
	changed := created.DeepCopy()
	changed.Spec.RefreshInterval = ptr.To("7m")
	answered, err := client.Update(t.Context(), changed, metav1.UpdateOptions{DryRun: dry})
	require.NoError(t, err)
	require.Equal(t, "7m", *answered.Spec.RefreshInterval)
	require.NoError(t, client.Delete(t.Context(), "stays", metav1.DeleteOptions{DryRun: dry}))
	require.Equal(t, created, stored(t, namespace, "stays"))

	_, err = client.Create(t.Context(), &v1.ExternalSecret{ObjectMeta: metav1.ObjectMeta{Name: "bad"}}, metav1.CreateOptions{DryRun: dry})
	require.True(t, apierrors.IsInvalid(err), "%v", err)
}
