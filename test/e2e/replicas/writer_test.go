package replicas

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	typed "github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned/typed/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// writer creates, changes and deletes ExternalSecrets that no Secret is written for, and watches what becomes of them.
type writer struct {
	app     *app
	objects typed.ExternalSecretInterface
	store   framework.Etcd
	since   int64
	stop    context.CancelFunc
	running sync.WaitGroup

	// stands are the objects whose creation was acknowledged, and whose deletion was not asked for.
	stands, deleted []string
	failures        []error

	watched  *watchtools.RetryWatcher
	watching sync.WaitGroup
	mu       sync.Mutex
	seen     []int64
}

func startWriter(t *testing.T, a *app) *writer {
	t.Helper()
	store, err := env.Replicas.Store()
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	w := &writer{app: a, objects: env.Clientset(t).ExternalSecretsV1().ExternalSecrets(a.namespace), store: store}
	// Statuses of the app may still be written.
	require.NoError(t, store.Calm(t.Context(), time.Second))
	listed, err := w.objects.List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	w.since, err = strconv.ParseInt(listed.ResourceVersion, 10, 64)
	require.NoError(t, err)
	w.watched, err = watchtools.NewRetryWatcherWithContext(t.Context(), listed.ResourceVersion, &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return w.objects.Watch(ctx, o)
		},
	})
	require.NoError(t, err)
	w.watching.Go(w.watch)
	var ctx context.Context
	ctx, w.stop = context.WithCancel(t.Context())
	w.running.Go(func() { w.write(ctx) })
	t.Cleanup(func() {
		w.end()
		w.watched.Stop()
		w.watching.Wait()
	})
	return w
}

func (w *writer) watch() {
	for event := range w.watched.ResultChan() {
		es, ok := event.Object.(*v1.ExternalSecret)
		if !ok || event.Type == watch.Bookmark {
			continue
		}
		revision, _ := strconv.ParseInt(es.ResourceVersion, 10, 64)
		w.mu.Lock()
		w.seen = append(w.seen, revision)
		w.mu.Unlock()
	}
}

func (w *writer) write(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		name := fmt.Sprintf("virtual-%04d", i)
		_, err := w.objects.Create(ctx, &v1.ExternalSecret{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1.ExternalSecretSpec{
			SecretStoreRef: &v1.SecretStoreRef{Name: ptr.To("vault")},
			Target:         &v1.ExternalSecretTarget{CreationPolicy: ptr.To(v1.CreationNone)},
			Data:           []v1.ExternalSecretData{{SecretKey: "password", RemoteRef: v1.RemoteRef{Key: "my-app", Property: ptr.To("db_pass")}}},
		}}, metav1.CreateOptions{})
		if err == nil {
			w.stands = append(w.stands, name)
			_, err = w.objects.Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"labels":{"changed":"yes"}}}`), metav1.PatchOptions{})
		}
		if err == nil && i%3 == 0 {
			w.stands = w.stands[:len(w.stands)-1]
			if err = w.objects.Delete(ctx, name, metav1.DeleteOptions{}); err == nil {
				w.deleted = append(w.deleted, name)
			}
		}
		if err != nil && ctx.Err() == nil {
			w.failures = append(w.failures, err)
		}
		time.Sleep(2 * pause)
	}
}

func (w *writer) end() {
	w.stop()
	w.running.Wait()
}

func (w *writer) noneFailed(t *testing.T) {
	t.Helper()
	w.end()
	require.Empty(t, w.failures)
}

// nothingLost requires that what was acknowledged is so, and that the watch has shown every change of the store exactly once.
func (w *writer) nothingLost(t *testing.T) {
	t.Helper()
	w.end()
	require.Greater(t, len(w.stands), 10)
	listed, err := w.objects.List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	var there []string
	for i := range listed.Items {
		there = append(there, listed.Items[i].Name)
	}
	require.Subset(t, there, w.stands, "what was created")
	for _, name := range w.deleted {
		require.NotContains(t, there, name, "what was deleted")
	}
	t.Logf("%d objects were created and stand, %d were deleted, %d writes failed: %v", len(w.stands), len(w.deleted), len(w.failures), w.failures)
	require.NoError(t, w.store.Calm(t.Context(), time.Second))
	framework.Eventually(t, "the watch has shown every change", func(ctx context.Context) error {
		changes, err := w.changes(ctx)
		if err != nil {
			return err
		}
		w.mu.Lock()
		seen := slices.Clone(w.seen)
		w.mu.Unlock()
		if len(seen) < len(changes) {
			return fmt.Errorf("it has shown %d of %d", len(seen), len(changes))
		}
		require.Equal(t, changes, seen, "each once, in their order")
		t.Logf("the watch has shown %d changes", len(seen))
		return nil
	})
}

// changes are the revisions of the app's ExternalSecrets since the watch began.
func (w *writer) changes(ctx context.Context) (revisions []int64, err error) {
	writes, err := w.store.Since(ctx, w.since)
	for _, write := range writes {
		if strings.Contains(write.Key, "/externalsecrets/"+w.app.namespace+"/") {
			revisions = append(revisions, write.Revision)
		}
	}
	return revisions, err
}

// ownDial keeps a client from sharing the connections of another with an equal configuration.
func ownDial() func(context.Context, string, string) (net.Conn, error) {
	dialer := &net.Dialer{}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, address)
	}
}
