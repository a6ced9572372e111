package host

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

// patience is how long a test waits for what ought to happen at once.
const patience = 30 * time.Second

// start runs a Host until the test ends, and waits until it has seen everything once.
func start(t *testing.T, config *rest.Config, changed chan<- string) *Host {
	t.Helper()
	h, err := New(config, Scope{})
	require.NoError(t, err)
	if changed != nil {
		require.NoError(t, h.OnObject(func(o Object) { changed <- o.String() }))
		require.NoError(t, h.OnNamespace(func(name string) { changed <- "Namespace " + name }))
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	require.Eventually(t, h.HasSynced, patience, time.Millisecond)
	return h
}

// next are the next n changes, in any order.
func next(t *testing.T, changed <-chan string, n int) []string {
	t.Helper()
	var all []string
	for range n {
		select {
		case change := <-changed:
			all = append(all, change)
		case <-time.After(patience):
			require.Fail(t, "no change came", "after %v", all)
		}
	}
	return all
}

func team(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "team", Name: name, UID: types.UID("uid-of-" + name)}
}

func TestChangesAreTold(t *testing.T) {
	api, config := newFakeAPI(t)
	api.put("secrets", team("s"))
	api.put("namespaces", metav1.ObjectMeta{Name: "team", Labels: map[string]string{"tier": "a"}})
	changed := make(chan string, 100)
	h := start(t, config, changed)
	require.ElementsMatch(t, []string{"Secret team/s", "Namespace team"}, next(t, changed, 2))

	api.put("secrets", team("s"))
	require.Equal(t, []string{"Secret team/s"}, next(t, changed, 1))
	api.put("configmaps", team("c"))
	require.Equal(t, []string{"ConfigMap team/c"}, next(t, changed, 1))
	api.drop("secrets", "team", "s")
	require.Equal(t, []string{"Secret team/s"}, next(t, changed, 1))
	_, found, _ := h.Object(Object{KindSecret, "team", "s"})
	require.False(t, found)

	api.put("namespaces", metav1.ObjectMeta{Name: "team", Labels: map[string]string{"tier": "b"}, Annotations: map[string]string{"a": "v"}})
	require.Equal(t, []string{"Namespace team"}, next(t, changed, 1))
	set, found := h.NamespaceLabels("team")
	require.True(t, found)
	require.Equal(t, "b", set.Get("tier"))
	_, found = h.NamespaceLabels("another")
	require.False(t, found)
}

func TestVersions(t *testing.T) {
	api, config := newFakeAPI(t)
	api.put("secrets", team("o"))
	s, c := Object{KindSecret, "team", "o"}, Object{KindConfigMap, "team", "o"}

	idle, err := New(config, Scope{})
	require.NoError(t, err)
	_, known := idle.Version(s)
	require.False(t, known, "nothing is known before anything was seen")

	h := start(t, config, nil)
	version, known := h.Version(s)
	require.True(t, known)
	require.Equal(t, "1", version)
	version, known = h.Version(c)
	require.True(t, known)
	require.Empty(t, version)
	_, known = h.Version(Object{"Pod", "team", "o"})
	require.False(t, known)
}

// TestOnlyWhatIsWantedIsHeld looks at what the informers hold themselves.
func TestOnlyWhatIsWantedIsHeld(t *testing.T) {
	owner := secret.Owner{Namespace: "team", Name: "orders", UID: "uid-of-orders"}
	controller := metav1.OwnerReference{
		APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: "orders", UID: "uid-of-orders", Controller: ptr.To(true),
	}
	const canary = "canary-3c1d"
	object := team("db")
	object.Labels = map[string]string{
		"l": canary, secret.LabelManaged: secret.LabelManagedValue, secret.LabelCreatedBy: secret.CreatedBy("team", "orders"),
	}
	object.Annotations = map[string]string{corev1.LastAppliedConfigAnnotation: canary, secret.AnnotationDataHash: "hash"}
	object.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: canary, UID: "u"}, controller}
	object.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: canary}}
	object.Finalizers = []string{canary}

	api, config := newFakeAPI(t)
	api.put("secrets", object)
	h := start(t, config, nil)

	m, found, _ := h.Object(Object{KindSecret, "team", "db"})
	require.True(t, found)
	require.Equal(t, Metadata{
		Namespace: "team", Name: "db", UID: "uid-of-db", ResourceVersion: "1",
		Managed: true, CreatedBy: secret.CreatedBy("team", "orders"), DataHash: "hash", Controller: &controller,
	}, m)
	require.True(t, owner.Controls(m.Controller))
	h.views[KindSecret].each(func(held *metav1.PartialObjectMetadata) {
		require.NotContains(t, fmt.Sprintf("%+v", held), canary)
	})
}

func TestSecretsByMark(t *testing.T) {
	api, config := newFakeAPI(t)
	owner := secret.Owner{Namespace: "team", Name: "orders", UID: "u"}
	put := func(namespace, name, createdBy, controller string) {
		object := metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{secret.LabelManaged: secret.LabelManagedValue}}
		if createdBy != "" {
			object.Labels[secret.LabelCreatedBy] = secret.CreatedBy("team", createdBy)
		}
		if controller != "" {
			object.OwnerReferences = []metav1.OwnerReference{{
				APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: controller, UID: "u", Controller: ptr.To(true),
			}}
		}
		api.put("secrets", object)
	}
	put("team", "target", "orders", "orders")
	put("team", "target-before", "orders", "orders")
	put("team", "label-alone", "orders", "")
	put("team", "reference-alone", "", "orders")
	put("team", "of-another", "another", "another")
	put("other", "copied", "orders", "orders")
	api.put("secrets", metav1.ObjectMeta{Namespace: "team", Name: "foreign"})
	h := start(t, config, nil)

	orphaned := h.Orphans(owner, Object{KindSecret, "team", "target"})
	require.Len(t, orphaned, 1)
	require.Equal(t, "target-before", orphaned[0].Name)
	require.Empty(t, h.Orphans(secret.Owner{Namespace: "team", Name: "nobody"}, Object{KindSecret, "team", "target"}))
	require.Len(t, h.ManagedSecrets(), 6)
}

// TestAHostThatGoesAndComesBack changes while it cannot be watched: that is told when it is back, and nothing else is,
// whether the watch is taken up where it was or everything is listed anew.
func TestAHostThatGoesAndComesBack(t *testing.T) {
	for _, forgets := range []bool{false, true} {
		t.Run(fmt.Sprintf("forgets %t", forgets), func(t *testing.T) {
			api, config := newFakeAPI(t)
			for _, name := range []string{"stays", "changes", "goes"} {
				api.put("secrets", team(name))
			}
			changed := make(chan string, 100)
			h := start(t, config, changed)
			next(t, changed, 3)

			api.setDown(true)
			api.put("secrets", team("changes"))
			api.drop("secrets", "team", "goes")
			_, found, _ := h.Object(Object{KindSecret, "team", "goes"})
			require.True(t, found, "what was last seen is shown meanwhile")
			require.True(t, h.HasSynced())
			if forgets {
				api.forget()
			}
			api.setDown(false)
			require.ElementsMatch(t, []string{"Secret team/changes", "Secret team/goes"}, next(t, changed, 2))

			api.put("secrets", team("stays"))
			require.Equal(t, []string{"Secret team/stays"}, next(t, changed, 1))
		})
	}
}
