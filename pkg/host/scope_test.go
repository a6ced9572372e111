package host

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

// run has a Host of a scope run until the test ends.
func run(t *testing.T, f *fakeAPI, h *Host) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); f.hangUp(); <-ended })
}

func inNamespace(namespace, name string) metav1.ObjectMeta {
	object := team(name)
	object.Namespace = namespace
	return object
}

// TestScope lets a Host look into two namespaces and at one object of a third. The API forbids all else.
func TestScope(t *testing.T) {
	f, config := newFakeAPI(t)
	f.forbidden = map[string]bool{"/secrets": true, "/configmaps": true, "/serviceaccounts": true, "/appconfigs": true}
	f.serve(appConfigPath, served("appconfigs", "AppConfig"))
	for _, namespace := range []string{"a", "b", "c", "system"} {
		f.put("namespaces", metav1.ObjectMeta{Name: namespace})
		f.put("secrets", inNamespace(namespace, "s"))
		f.put("configmaps", inNamespace(namespace, "record"))
		f.put("appconfigs", inNamespace(namespace, "app"))
	}
	record := Object{KindConfigMap, "system", "record"}
	h, err := New(config, Scope{Namespaces: []string{"a", "b"}, Besides: []Object{record}})
	require.NoError(t, err)
	changed := make(chan string, eventsBuffered)
	require.NoError(t, h.OnObject(func(o Object) { changed <- o.String() }))
	run(t, f, h)
	require.Eventually(t, h.HasSynced, patience, time.Millisecond)
	require.ElementsMatch(t, []string{"Secret a/s", "Secret b/s", "ConfigMap a/record", "ConfigMap b/record"}, next(t, changed, 4))

	for namespace, covered := range map[string]bool{"a": true, "b": true, "c": false, "system": false} {
		require.Equal(t, covered, h.Covers(namespace) == nil, namespace)
		_, exists, known := h.Object(Object{KindSecret, namespace, "s"})
		require.Equal(t, covered, exists && known, namespace)
		_, _, known = h.Object(Object{KindSecret, namespace, "none"})
		require.Equal(t, covered, known, namespace)
		_, found := h.NamespaceLabels(namespace)
		require.True(t, found, "namespaces themselves are seen")
	}
	version, known := h.Version(record)
	require.True(t, known)
	f.put("configmaps", inNamespace("system", "record"))
	require.Eventually(t, func() bool { later, _ := h.Version(record); return later != version }, patience, time.Millisecond)
	_, known = h.Version(Object{KindConfigMap, "system", "another"})
	require.False(t, known)

	h.Follow("es", appConfig)
	_, err = h.Await(t.Context(), appConfig)
	require.NoError(t, err)
	_, exists, _ := h.Object(Object{KindOf(appConfig), "a", "app"})
	require.True(t, exists)
	_, _, known = h.Object(Object{KindOf(appConfig), "c", "app"})
	require.False(t, known)
}

// TestANamespaceThatIsRefused holds up none of the others, and is seen when its rights have come.
func TestANamespaceThatIsRefused(t *testing.T) {
	f, config := newFakeAPI(t)
	f.put("namespaces", metav1.ObjectMeta{Name: "a"})
	f.put("namespaces", metav1.ObjectMeta{Name: "b"})
	owned := inNamespace("b", "s")
	owned.OwnerReferences = []metav1.OwnerReference{{APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: "es", UID: "es"}}
	f.put("secrets", inNamespace("a", "s"))
	f.put("secrets", owned)
	refuse := func(namespace string, refused bool) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.forbidden = map[string]bool{}
		for _, resource := range []string{"secrets", "configmaps", "serviceaccounts"} {
			f.forbidden[namespace+"/"+resource] = refused
		}
	}
	refuse("b", true)
	h, err := New(config, Scope{Namespaces: []string{"a", "b", "gone"}})
	require.NoError(t, err)
	run(t, f, h)
	require.Eventually(t, h.HasSynced, patience, time.Millisecond)
	_, exists, _ := h.Object(Object{KindSecret, "a", "s"})
	require.True(t, exists)
	_, _, known := h.Object(Object{KindSecret, "b", "s"})
	require.False(t, known)
	_, known = h.Owners()
	require.False(t, known, "there may be any in the one that is refused")

	refuse("b", false)
	require.Eventually(t, func() bool {
		owners, known := h.Owners()
		return known && owners[types.UID("es")] == Object{KindSecret, "b", "s"}
	}, time.Minute, 10*time.Millisecond)

	refuse("gone", true)
	h, err = New(config, Scope{Namespaces: []string{"a", "gone"}})
	require.NoError(t, err)
	run(t, f, h)
	require.Eventually(t, h.HasSynced, patience, time.Millisecond)
	owners, known := h.Owners()
	require.True(t, known, "nothing is in a namespace that does not exist")
	require.Empty(t, owners)
	require.Empty(t, h.Orphans(secret.Owner{Namespace: "b", Name: "es", UID: "es"}, Object{KindSecret, "b", "s"}))
}

// TestTheWholeClusterIsWaitedFor as long as it is refused: an installation without its rights is not ready.
func TestTheWholeClusterIsWaitedFor(t *testing.T) {
	f, config := newFakeAPI(t)
	f.forbidden = map[string]bool{"/secrets": true}
	h, err := New(config, Scope{})
	require.NoError(t, err)
	run(t, f, h)
	require.Eventually(t, h.views[KindSecret].in("any").refused.Load, patience, time.Millisecond)
	require.Eventually(t, h.namespaces.HasSynced, patience, time.Millisecond)
	require.False(t, h.HasSynced())
}
