package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/informers/externalversions"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// A snapshot that is taken while objects are written is put back after the store was lost. Objects are as they were, whoever
// watched is told to begin anew, and no Secret goes, not even that of an ExternalSecret made since, until somebody accepts
// that it is lost.
func TestRestore(t *testing.T) {
	f := newTenant(t)
	before := f.App(t, "before")
	informed := inform(t, f.Namespace)
	stopWriting := f.keepWriting(t)
	file := save(t)
	stopWriting()
	require.Contains(t, fails(t, "restore", file, "--data-dir="+env.Server.DataDir()), "a server runs on it: stop it first")

	info := status(t, file)
	require.Equal(t, storeID(t), info.StoreID)
	require.GreaterOrEqual(t, info.Objects["externalsecrets"], 2)
	require.Positive(t, info.Objects["secretstores"])
	requireNoValues(t, file)

	after := f.App(t, "after")
	seen := f.uids(t)
	last := f.Stored(t, "after").ResourceVersion

	env.Server.Stop(t)
	require.NoError(t, os.RemoveAll(env.Server.DataDir()))
	run(t, "restore", file, "--data-dir="+env.Server.DataDir())
	taken := scheduled(t)
	env.Server.Start(t)
	acceptance := f.closed(t, "it is new, restored, or another installation's")
	f.Stands(t, before)
	f.Stands(t, after)
	require.Equal(t, taken, scheduled(t), "no snapshot is taken of a store that is not the cluster's")

	env.Server.Restart(t, acceptance)
	framework.Eventually(t, "the objects are back", func(ctx context.Context) error {
		_, err := f.client(t).Get(ctx, "before", metav1.GetOptions{ResourceVersion: "0"})
		return err
	})
	restored := f.uids(t)
	require.NotEmpty(t, restored)
	require.NotContains(t, restored, "after")
	for name, uid := range restored {
		if written, known := seen[name]; known {
			require.Equal(t, written, uid, name)
		}
	}
	watched := f.Kubectl.Run("get", "--raw", "/apis/external-secrets.io/v1/namespaces/"+f.Namespace+"/externalsecrets?watch=true&resourceVersion="+last)
	require.Contains(t, watched, `"code":410`, "a watch that goes on where it was is told to begin anew")
	framework.Eventually(t, "an informer from before knows what there is", func(context.Context) error {
		if names := informed(); len(names) != len(restored) || names["after"] != "" {
			return fmt.Errorf("it knows %v", names)
		}
		return nil
	})

	f.Stands(t, before)
	framework.Eventually(t, "what is lost is collected, now that it is accepted", func(ctx context.Context) error {
		_, err := f.secret(ctx, t, "after")
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is there (%w)", err)
	})
	f.App(t, "after")
	require.NotEqual(t, info.StoreID, storeID(t))
}

// keepWriting writes objects until it is told to stop.
func (f *tenant) keepWriting(t *testing.T) (stop func()) {
	t.Helper()
	client := f.client(t)
	ctx, cancel := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	var failure error
	began := make(chan struct{})
	writing.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			if _, err := client.Create(ctx, sized(fmt.Sprintf("written-%d", n), 1000), metav1.CreateOptions{}); err != nil && ctx.Err() == nil {
				failure = err
				return
			}
			if n == 0 {
				close(began)
			}
		}
	})
	<-began
	return func() {
		cancel()
		writing.Wait()
		require.NoError(t, failure)
	}
}

// uids are those of the ExternalSecrets in the store, by name.
func (f *tenant) uids(t *testing.T) map[string]types.UID {
	t.Helper()
	list, err := f.client(t).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	uids := map[string]types.UID{}
	for i := range list.Items {
		uids[list.Items[i].Name] = list.Items[i].UID
	}
	return uids
}

// inform runs an informer until the test ends. What it returns tells what the informer knows.
func inform(t *testing.T, namespace string) func() map[string]types.UID {
	t.Helper()
	factory := externalversions.NewSharedInformerFactoryWithOptions(env.Clientset(t), 0, externalversions.WithNamespace(namespace))
	informer := factory.ExternalSecrets().V1().ExternalSecrets().Informer()
	factory.Start(t.Context().Done())
	t.Cleanup(factory.Shutdown)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.True(t, cache.WaitForCacheSync(ctx.Done(), informer.HasSynced))
	return func() map[string]types.UID {
		known := map[string]types.UID{}
		for _, object := range informer.GetStore().List() {
			accessor, err := metaOf(object)
			if err != nil {
				t.Error(err)
				continue
			}
			known[accessor.GetName()] = accessor.GetUID()
		}
		return known
	}
}

func metaOf(object any) (metav1.Object, error) {
	if accessor, ok := object.(metav1.Object); ok {
		return accessor, nil
	}
	return nil, errors.New("it is no object")
}
