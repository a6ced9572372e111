package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/informers/externalversions"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

func names(list *v1.ExternalSecretList) []string {
	var all []string
	for i := range list.Items {
		all = append(all, list.Items[i].Name)
	}
	return all
}

func TestSelectors(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	createExternalSecret(t, namespace, "a", func(es *v1.ExternalSecret) {
		es.Labels = map[string]string{"tier": "front"}
		es.Spec.Target = &v1.ExternalSecretTarget{Name: ptr.To("a-target")}
	})
	createExternalSecret(t, namespace, "b", func(es *v1.ExternalSecret) {
		es.Labels = map[string]string{"tier": "back"}
		es.Spec.RefreshInterval = ptr.To("5m")
	})
	createExternalSecret(t, namespace, "c", func(es *v1.ExternalSecret) {
		es.Spec.SecretStoreRef = &v1.SecretStoreRef{Name: ptr.To("other"), Kind: ptr.To(v1.ClusterSecretStoreKind)}
	})
	for _, test := range []struct {
		field, label string
		want         []string
	}{
		{field: "metadata.name=b", want: []string{"b"}},
		{field: "metadata.namespace=" + namespace, want: []string{"a", "b", "c"}},
		{field: "spec.secretStoreRef.name=idle", want: []string{"a", "b"}},
		{field: "spec.secretStoreRef.kind=ClusterSecretStore", want: []string{"c"}},
		{field: "spec.target.name=a-target", want: []string{"a"}},
		{field: "spec.refreshInterval=5m", want: []string{"b"}},
		{field: "spec.refreshInterval!=5m,spec.secretStoreRef.name=idle", want: []string{"a"}},
		{label: "tier=front", want: []string{"a"}},
		{label: "tier in (front,back)", want: []string{"a", "b"}},
		{label: "!tier", want: []string{"c"}},
		{label: "tier", field: "spec.refreshInterval=5m", want: []string{"b"}},
	} {
		list, err := externalSecrets(t, namespace).List(t.Context(), metav1.ListOptions{FieldSelector: test.field, LabelSelector: test.label})
		require.NoError(t, err, "%+v", test)
		require.Equal(t, test.want, names(list), "%+v", test)
	}

	_, err := externalSecrets(t, namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "spec.refreshPolicy=Periodic"})
	require.True(t, apierrors.IsBadRequest(err), "%v", err)
	require.ErrorContains(t, err, "field label not supported: spec.refreshPolicy")
}

func TestPages(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	var want []string
	for i := range 7 {
		want = append(want, createExternalSecret(t, namespace, fmt.Sprintf("es-%d", i)).Name)
	}
	client := externalSecrets(t, namespace)
	first, err := client.List(t.Context(), metav1.ListOptions{Limit: 3})
	require.NoError(t, err)
	require.EqualValues(t, 4, *first.RemainingItemCount)

	// A page is of the same moment as the first one.
	require.NoError(t, client.Delete(t.Context(), "es-6", metav1.DeleteOptions{}))
	all := names(first)
	for page := first; page.Continue != ""; {
		page, err = client.List(t.Context(), metav1.ListOptions{Limit: 3, Continue: page.Continue})
		require.NoError(t, err)
		require.Equal(t, first.ResourceVersion, page.ResourceVersion)
		all = append(all, names(page)...)
	}
	require.Equal(t, want, all)

	exact, err := client.List(t.Context(), metav1.ListOptions{
		ResourceVersion: first.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact,
	})
	require.NoError(t, err)
	require.Equal(t, want, names(exact), "the list as it was")

	_, err = client.List(t.Context(), metav1.ListOptions{Limit: 3, Continue: "nonsense"})
	require.True(t, apierrors.IsBadRequest(err), "%v", err)
	// A version of the future: client-go would ask again for a while.
	code, _, body, _ := answer(t.Context(), raw(t).Get().MaxRetries(0).Param("resourceVersion", "1000000000").
		AbsPath(groupPath("namespaces", namespace, "externalsecrets")))
	require.Equal(t, http.StatusGatewayTimeout, code)
	require.Contains(t, string(body), "Too large resource version")
}

func TestWatch(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	client := externalSecrets(t, namespace)
	before, err := client.List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)

	one := createExternalSecret(t, namespace, "one", func(es *v1.ExternalSecret) { es.Labels = map[string]string{"seen": "yes"} })
	one.Spec.RefreshInterval = ptr.To("5m")
	one, err = client.Update(t.Context(), one, metav1.UpdateOptions{})
	require.NoError(t, err)
	one.Labels = nil
	_, err = client.Update(t.Context(), one, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.NoError(t, client.Delete(t.Context(), "one", metav1.DeleteOptions{}))

	for selector, want := range map[string][]watch.EventType{
		"": {watch.Added, watch.Modified, watch.Modified, watch.Deleted},
		// What a selector no longer selects is gone for who watches with it.
		"seen=yes": {watch.Added, watch.Modified, watch.Deleted},
	} {
		events, err := client.Watch(t.Context(), metav1.ListOptions{
			ResourceVersion: before.ResourceVersion, LabelSelector: selector, TimeoutSeconds: ptr.To[int64](60),
		})
		require.NoError(t, err)
		for i, kind := range want {
			event := <-events.ResultChan()
			require.Equal(t, kind, event.Type, "event %d of %q", i, selector)
			require.Nil(t, event.Object.(*v1.ExternalSecret).Status.Live, "events show what is stored")
		}
		events.Stop()
	}
}

// TestInformer is what controllers do: list, or watch with initial events, and
// follow.
func TestInformer(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	createExternalSecret(t, namespace, "before")
	factory := externalversions.NewSharedInformerFactoryWithOptions(env.Clientset(t), time.Hour, externalversions.WithNamespace(namespace))
	lister := factory.ExternalSecrets().V1().ExternalSecrets().Lister()
	informer := factory.ExternalSecrets().V1().ExternalSecrets().Informer()
	factory.StartWithContext(t.Context())
	require.True(t, cache.WaitForCacheSync(t.Context().Done(), informer.HasSynced))
	t.Cleanup(factory.Shutdown)

	es, err := lister.ExternalSecrets(namespace).Get("before")
	require.NoError(t, err)
	require.Nil(t, es.Status.Live)
	createExternalSecret(t, namespace, "after")
	framework.Eventually(t, "the informer sees what came later", func(context.Context) error {
		all, err := lister.List(labels.Everything())
		if err == nil && len(all) != 2 {
			err = errors.New("it sees another number")
		}
		return err
	})
}
