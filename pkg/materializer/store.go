package materializer

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// store is a SecretStore or a ClusterSecretStore.
type store struct {
	kind   string
	object runtime.Object
	meta   *metav1.ObjectMeta
	spec   *v1.SecretStoreSpec
	status *v1.SecretStoreStatus
}

// storeOf takes what an informer of stores holds.
func storeOf(object any) store {
	s, _ := asStore(object)
	return s
}

// asStore is false for what is no store.
func asStore(object any) (store, bool) {
	switch s := object.(type) {
	case *v1.SecretStore:
		return store{v1.SecretStoreKind, s, &s.ObjectMeta, &s.Spec, &s.Status}, true
	case *v1.ClusterSecretStore:
		return store{v1.ClusterSecretStoreKind, s, &s.ObjectMeta, &s.Spec, &s.Status}, true
	}
	return store{}, false
}

func (s store) key() storeKey { return storeKey{s.kind, s.meta.Namespace, s.meta.Name} }

// opened is the store as the Catalog takes it.
func (s store) opened() outcome.Store {
	return outcome.Store{
		Store: source.Store{UID: s.meta.UID, Kind: s.kind, Namespace: s.meta.Namespace, Name: s.meta.Name, Provider: s.spec.Provider, Retry: s.spec.RetrySettings},
		Spec:  s.spec,
	}
}

// writeStatus writes another status over the one that was seen and returns the store as it is then.
func (s store) writeStatus(ctx context.Context, client versioned.Interface, status v1.SecretStoreStatus) (store, error) {
	options := metav1.UpdateOptions{FieldManager: fieldManager}
	if namespaced, ok := s.object.(*v1.SecretStore); ok {
		next := namespaced.DeepCopy()
		next.Status = status
		written, err := client.ExternalSecretsV1().SecretStores(next.Namespace).UpdateStatus(ctx, next, options)
		return storeOf(written), err
	}
	next := s.object.(*v1.ClusterSecretStore).DeepCopy()
	next.Status = status
	written, err := client.ExternalSecretsV1().ClusterSecretStores().UpdateStatus(ctx, next, options)
	return storeOf(written), err
}

// findStore is the store of a key as the informers show it.
func (m *Materializer) findStore(key storeKey) (store, bool) {
	// Listers that read a cache have no other error than that there is none.
	if key.Kind == v1.ClusterSecretStoreKind {
		found, err := m.clusterStores.Lister().Get(key.Name)
		if err != nil {
			return store{}, false
		}
		return storeOf(found), true
	}
	found, err := m.stores.Lister().SecretStores(key.Namespace).Get(key.Name)
	if err != nil {
		return store{}, false
	}
	return storeOf(found), true
}
