package externalsecret

import (
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// An informer of this process holds no second copy of what the watch cache holds.
func TestTheFeedSharesTheWatchCache(t *testing.T) {
	f := newFixture(t)
	f.create(t, externalSecret(t, 1))
	informer := cache.NewSharedIndexInformer(&Feed{Store: f.rest.Store}, &v1.ExternalSecret{}, 0, cache.Indexers{})
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() { defer close(ended); informer.Run(stop) }()
	t.Cleanup(func() { close(stop); <-ended })
	seen := func(name, revision string) *v1.ExternalSecret {
		var found *v1.ExternalSecret
		require.Eventually(t, func() bool {
			object, ok, err := informer.GetStore().GetByKey(fixtureNamespace + "/" + name)
			require.NoError(t, err)
			if ok {
				found = object.(*v1.ExternalSecret)
			}
			return ok && found.ResourceVersion == revision
		}, time.Minute, time.Millisecond)
		return found
	}
	shares := func(es *v1.ExternalSecret) {
		t.Helper()
		shown := seen(es.Name, es.ResourceVersion)
		cached := f.get(t, es.Name, "0")
		require.Equal(t, cached, shown)
		require.Same(t, unsafe.SliceData(cached.ManagedFields), unsafe.SliceData(shown.ManagedFields))
	}
	shares(f.get(t, "app-1", "0"))
	shares(f.create(t, externalSecret(t, 2)))

	changed := f.get(t, "app-2", "0").DeepCopy()
	changed.Labels["a"] = "b"
	updated, _, err := f.rest.Store.Update(requestContext(), "app-2", rest.DefaultUpdatedObjectInfo(changed),
		rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{})
	require.NoError(t, err)
	shares(updated.(*v1.ExternalSecret))

	_, _, err = f.rest.Store.Delete(requestContext(), "app-2", rest.ValidateAllObjectFunc, &metav1.DeleteOptions{})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(informer.GetStore().ListKeys()) == 1 }, time.Minute, time.Millisecond)
}
