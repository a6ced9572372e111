package uninstall

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
)

var (
	secrets      = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	statefulSets = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}

	ours     = metav1.OwnerReference{APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: "db", UID: "1"}
	earlier  = metav1.OwnerReference{APIVersion: "external-secrets.io/v1beta1", Kind: "ExternalSecret", Name: "db", UID: "2"}
	somebody = metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "db", UID: "3"}
	server   = types.NamespacedName{Namespace: "external-secrets", Name: "external-secrets-apiserver"}
)

func object(apiVersion, kind, namespace, name string, owners ...metav1.OwnerReference) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: apiVersion, Kind: kind},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, OwnerReferences: owners},
	}
}

func registered(name, service string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"service": map[string]any{"namespace": server.Namespace, "name": service}},
	}}
}

// cluster is the fakes of one, and what was done to them in order.
type cluster struct {
	metadata *metadatafake.FakeMetadataClient
	dynamic  *dynamicfake.FakeDynamicClient
	did      []string
}

func newCluster(objects []runtime.Object, services ...runtime.Object) *cluster {
	scheme := metadatafake.NewTestScheme()
	_ = metav1.AddMetaToScheme(scheme)
	c := &cluster{
		metadata: metadatafake.NewSimpleMetadataClient(scheme, objects...),
		dynamic: dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(),
			map[schema.GroupVersionResource]string{apiServices: "APIServiceList"}, services...),
	}
	note := func(action clienttesting.Action) (bool, runtime.Object, error) {
		c.did = append(c.did, action.GetVerb()+" "+action.GetResource().Resource)
		return false, nil, nil
	}
	for _, verb := range []string{"patch", "delete"} {
		c.metadata.PrependReactor(verb, "*", note)
		c.dynamic.PrependReactor(verb, "*", note)
	}
	return c
}

func (c *cluster) config(namespaces ...string) Config {
	return Config{
		Metadata: c.metadata, Dynamic: c.dynamic, Workload: server, Resource: statefulSets, Service: server,
		APIServices: []string{"v1.external-secrets.io", "v1alpha1.external-secrets.io"},
		Owned:       []schema.GroupVersionResource{secrets}, Namespaces: namespaces, Logger: slog.New(slog.DiscardHandler),
	}
}

func (c *cluster) owners(t *testing.T, namespace, name string) []metav1.OwnerReference {
	t.Helper()
	found, err := c.metadata.Resource(secrets).Namespace(namespace).Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	return found.OwnerReferences
}

func TestRun(t *testing.T) {
	c := newCluster([]runtime.Object{
		object("apps/v1", "StatefulSet", server.Namespace, server.Name),
		object("v1", "Secret", "a", "ours", ours),
		object("v1", "Secret", "a", "shared", somebody, earlier),
		object("v1", "Secret", "b", "not ours", somebody),
	}, registered("v1.external-secrets.io", server.Name), registered("v1alpha1.external-secrets.io", "another"))
	require.NoError(t, Run(t.Context(), c.config()))
	require.Equal(t, []string{"delete statefulsets", "patch secrets", "patch secrets", "delete apiservices"}, c.did, "in this order")
	require.Empty(t, c.owners(t, "a", "ours"))
	require.Equal(t, []metav1.OwnerReference{somebody}, c.owners(t, "a", "shared"))
	require.Equal(t, []metav1.OwnerReference{somebody}, c.owners(t, "b", "not ours"))
	_, err := c.dynamic.Resource(apiServices).Get(t.Context(), "v1alpha1.external-secrets.io", metav1.GetOptions{})
	require.NoError(t, err, "it leads to somebody else")

	c.did = nil
	require.NoError(t, Run(t.Context(), c.config()), "a second time")
	require.Equal(t, []string{"delete statefulsets"}, c.did)
}

func TestNamespaces(t *testing.T) {
	c := newCluster([]runtime.Object{object("v1", "Secret", "a", "x", ours), object("v1", "Secret", "b", "x", ours)})
	require.NoError(t, Run(t.Context(), c.config("b")))
	require.NotEmpty(t, c.owners(t, "a", "x"))
	require.Empty(t, c.owners(t, "b", "x"))
}

// While a Secret may have an owner, the APIService stays.
func TestAnErrorStopsIt(t *testing.T) {
	c := newCluster([]runtime.Object{object("v1", "Secret", "a", "x", ours)}, registered("v1.external-secrets.io", server.Name))
	c.metadata.PrependReactor("patch", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(secrets.GroupResource(), "x", nil)
	})
	require.ErrorContains(t, Run(t.Context(), c.config()), "take the owners off secrets: a/x")
	require.NotContains(t, c.did, "delete apiservices")
}

// A Secret that somebody changes meanwhile is read again.
func TestConflict(t *testing.T) {
	c := newCluster([]runtime.Object{object("v1", "Secret", "a", "x", ours)})
	conflicts := 0
	c.metadata.PrependReactor("patch", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		conflicts++
		return conflicts == 1, nil, apierrors.NewConflict(secrets.GroupResource(), "x", nil)
	})
	require.NoError(t, Run(t.Context(), c.config()))
	require.Empty(t, c.owners(t, "a", "x"))
}

// A server that does not end is waited for, as long as there is time.
func TestAServerThatDoesNotEnd(t *testing.T) {
	c := newCluster([]runtime.Object{object("apps/v1", "StatefulSet", server.Namespace, server.Name), object("v1", "Secret", "a", "x", ours)})
	ctx, cancel := context.WithCancel(t.Context())
	c.metadata.PrependReactor("delete", "statefulsets", func(clienttesting.Action) (bool, runtime.Object, error) {
		cancel()
		return true, nil, nil
	})
	require.ErrorIs(t, Run(ctx, c.config()), context.Canceled)
	require.NotEmpty(t, c.owners(t, "a", "x"))
}
