package host

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

var appConfig = schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "AppConfig"}

const appConfigPath = "/apis/example.com/v1"

var allVerbs = []string{"create", "delete", "get", "list", "update", "watch"}

// following is a Host that runs, with what it told of kinds and objects.
func following(t *testing.T, f *fakeAPI, h *Host) (seen chan Kind, changed chan Object) {
	t.Helper()
	seen, changed = make(chan Kind, eventsBuffered), make(chan Object, eventsBuffered)
	require.NoError(t, h.OnObject(func(o Object) { changed <- o }))
	h.OnKind(func(k Kind) { seen <- k })
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.Run(ctx) })
	t.Cleanup(func() { stop(); f.hangUp(); running.Wait() })
	return seen, changed
}

func (f *fakeAPI) serve(path string, resources ...metav1.APIResource) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kinds == nil {
		f.kinds = map[string][]metav1.APIResource{}
	}
	f.kinds[path] = resources
}

func served(name, kind string) metav1.APIResource {
	return metav1.APIResource{Name: name, Kind: kind, Namespaced: true, Verbs: allVerbs}
}

func TestFollow(t *testing.T) {
	f, config := newFakeAPI(t)
	f.serve(appConfigPath, metav1.APIResource{Name: "appconfigs/status", Kind: "AppConfig", Namespaced: true}, served("appconfigs", "AppConfig"))
	f.put("appconfigs", metav1.ObjectMeta{Namespace: "team", Name: "db", UID: "u", Generation: 1})
	h, err := New(config, Scope{})
	require.NoError(t, err)
	seen, changed := following(t, f, h)
	name := Object{KindOf(appConfig), "team", "db"}
	_, _, known := h.Object(name)
	require.False(t, known, "nothing is known of what is not followed")

	h.Follow("es", appConfig)
	resource, err := h.Await(t.Context(), appConfig)
	require.NoError(t, err)
	require.Equal(t, appConfig.GroupVersion().WithResource("appconfigs"), resource.GroupVersionResource)
	require.Equal(t, KindOf(appConfig), <-seen)
	require.Equal(t, name, <-changed)
	before, exists, known := h.Object(name)
	require.True(t, exists && known)
	require.NotEmpty(t, before.Revision)

	// The status alone is no other revision; an annotation is.
	f.put("appconfigs", metav1.ObjectMeta{Namespace: "team", Name: "db", UID: "u", Generation: 1})
	<-changed
	after, _, _ := h.Object(name)
	require.NotEqual(t, before.ResourceVersion, after.ResourceVersion)
	require.Equal(t, before.Revision, after.Revision)
	f.put("appconfigs", metav1.ObjectMeta{Namespace: "team", Name: "db", UID: "u", Generation: 1, Annotations: map[string]string{"a": "canary-2d7b"}})
	<-changed
	after, _, _ = h.Object(name)
	require.NotEqual(t, before.Revision, after.Revision)
	require.NotContains(t, fmt.Sprintf("%+v", after), "canary")

	owner := secret.Owner{Namespace: "team", Name: "orders", UID: "uid"}
	owned := metav1.ObjectMeta{Namespace: "team", Name: "former", UID: "f", Labels: map[string]string{secret.LabelCreatedBy: secret.CreatedBy("team", "orders")}}
	owned.OwnerReferences = []metav1.OwnerReference{{APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: "orders", UID: "uid", Controller: new(bool)}}
	*owned.OwnerReferences[0].Controller = true
	f.put("appconfigs", owned)
	<-changed
	orphans := h.Orphans(owner, name)
	require.Len(t, orphans, 1)
	require.Equal(t, "former", orphans[0].Name)
	require.Equal(t, resource, orphans[0].Resource)
	require.Empty(t, h.Orphans(owner, Object{KindOf(appConfig), "team", "former"}))

	// It is watched while one ExternalSecret wants it.
	h.Follow("other", appConfig)
	h.Unfollow("es")
	_, _, known = h.Object(name)
	require.True(t, known)
	h.Unfollow("other", KindOf(appConfig))
	_, _, known = h.Object(name)
	require.True(t, known, "it is kept")
	h.Unfollow("other")
	_, _, known = h.Object(name)
	require.False(t, known)
}

func TestKindsThatCannotBeFollowed(t *testing.T) {
	f, config := newFakeAPI(t)
	f.forbidden = map[string]bool{"secretive": true}
	f.serve("/apis/odd.example.com/v1",
		metav1.APIResource{Name: "clusterwides", Kind: "ClusterWide", Verbs: allVerbs},
		metav1.APIResource{Name: "readonlies", Kind: "ReadOnly", Namespaced: true, Verbs: []string{"get", "list", "watch"}},
		served("secretive", "Secretive"))
	h, err := New(config, Scope{})
	require.NoError(t, err)
	following(t, f, h)
	for kind, want := range map[string]string{
		"ClusterWide": "is not of a namespace",
		"ReadOnly":    "does not let anybody create",
		"Nothing":     "does not serve Nothing of odd.example.com/v1",
		"Secretive":   "listing secretive: the host cluster does not allow it",
	} {
		k := schema.GroupVersionKind{Group: "odd.example.com", Version: "v1", Kind: kind}
		h.Follow(types.UID(kind), k)
		_, err := h.Await(t.Context(), k)
		require.ErrorContains(t, err, want)
	}
	own := schema.GroupVersionKind{Group: "external-secrets.io", Version: "v1", Kind: "SecretStore"}
	h.Follow("own", own)
	_, err = h.Await(t.Context(), own)
	require.ErrorContains(t, err, "external-secrets.io")
}

// A kind that the host stops to serve is not taken for one without objects, and is seen again when it is back.
func TestAKindThatGoesAndComes(t *testing.T) {
	f, config := newFakeAPI(t)
	f.serve(appConfigPath, served("appconfigs", "AppConfig"))
	h, err := New(config, Scope{})
	require.NoError(t, err)
	seen, _ := following(t, f, h)
	h.Follow("es", appConfig)
	<-seen
	f.mu.Lock()
	delete(f.kinds, appConfigPath)
	f.mu.Unlock()
	f.forget()
	f.hangUp()
	require.Eventually(t, func() bool {
		_, _, known := h.Object(Object{KindOf(appConfig), "team", "db"})
		return !known
	}, time.Minute, 10*time.Millisecond)
	f.serve(appConfigPath, served("appconfigs", "AppConfig"))
	require.Equal(t, KindOf(appConfig), <-seen)
}

func TestSoManyKindsAreFollowed(t *testing.T) {
	f, config := newFakeAPI(t)
	h, err := New(config, Scope{})
	require.NoError(t, err)
	following(t, f, h)
	kind := func(i int) schema.GroupVersionKind {
		return schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: fmt.Sprintf("Kind%d", i)}
	}
	for i := range maxKinds + 1 {
		h.Follow(types.UID(fmt.Sprint(i)), kind(i))
	}
	_, err = h.Await(t.Context(), kind(maxKinds))
	require.ErrorContains(t, err, "is not watched")
	h.Unfollow("0")
	h.Follow("again", kind(maxKinds))
	_, err = h.Await(t.Context(), kind(maxKinds))
	require.ErrorContains(t, err, "does not serve")
	h.Follow("es", schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"})
	require.Len(t, h.followed.all(), maxKinds, "ConfigMaps are watched in any case")
}
