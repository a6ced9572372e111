package materializer

import (
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/ref"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
)

// Indexes of the informers. They tell whom a change concerns.
const (
	// indexStore finds ExternalSecrets by the stores that they name.
	indexStore = "materializer/store"
	// indexTarget finds ExternalSecrets by their target, indexObject finds ExternalSecrets by the objects that hold their
	// templates, and stores by those that hold their credentials.
	indexTarget = "materializer/target"
	// indexKind finds ExternalSecrets by the kind of their target.
	indexKind   = "materializer/kind"
	indexObject = "materializer/object"
	// indexUID finds stores by their UID.
	indexUID = "materializer/uid"
)

// storeKey names a store. Namespace is empty for a ClusterSecretStore.
type storeKey struct{ Kind, Namespace, Name string }

func (k storeKey) String() string { return k.Kind + " " + k.Namespace + "/" + k.Name }

func storeKeyOf(namespace string, ref resolve.StoreRef) storeKey {
	if ref.Kind == resolve.ClusterSecretStore {
		namespace = ""
	}
	return storeKey{ref.Kind, namespace, ref.Name}
}

func externalSecretIndexers() cache.Indexers {
	return cache.Indexers{
		indexStore: func(object any) ([]string, error) {
			es := object.(*v1.ExternalSecret)
			// What cannot be asked for has no store.
			needs, _ := resolve.Needs(es)
			keys := make([]string, 0, len(needs))
			for _, n := range needs {
				keys = append(keys, storeKeyOf(es.Namespace, n.Store).String())
			}
			return keys, nil
		},
		indexTarget: func(object any) ([]string, error) {
			return []string{outcome.TargetOf(object.(*v1.ExternalSecret)).String()}, nil
		},
		indexKind: func(object any) ([]string, error) {
			return []string{string(outcome.TargetOf(object.(*v1.ExternalSecret)).Kind)}, nil
		},
		indexObject: func(object any) ([]string, error) {
			return texts(ref.TemplateDependencies(object.(*v1.ExternalSecret))), nil
		},
	}
}

func storeIndexers(catalog *outcome.Catalog) cache.Indexers {
	return cache.Indexers{
		indexObject: func(object any) ([]string, error) {
			store := storeOf(object)
			return texts(ref.Dependencies(store.meta.Namespace, catalog.References(store.spec))), nil
		},
		indexUID: func(object any) ([]string, error) { return []string{string(storeOf(object).meta.UID)}, nil },
	}
}

func texts(objects []host.Object) []string {
	all := make([]string, 0, len(objects))
	for _, o := range objects {
		all = append(all, o.String())
	}
	return all
}

// externalSecretsBy lists what an index of the ExternalSecrets has under a key.
func (m *Materializer) externalSecretsBy(index, key string) []types.NamespacedName {
	// The one error there is says that no such index exists.
	found, err := m.externalSecrets.Informer().GetIndexer().ByIndex(index, key)
	if err != nil {
		return nil
	}
	keys := make([]types.NamespacedName, 0, len(found))
	for _, object := range found {
		keys = append(keys, keyOf(object.(*v1.ExternalSecret)))
	}
	return keys
}

func keyOf(es *v1.ExternalSecret) types.NamespacedName {
	return types.NamespacedName{Namespace: es.Namespace, Name: es.Name}
}

// storesBy lists what an index of the stores of both kinds has under a value.
func (m *Materializer) storesBy(index, value string) []storeKey {
	var keys []storeKey
	for _, informer := range []cache.SharedIndexInformer{m.stores.Informer(), m.clusterStores.Informer()} {
		found, err := informer.GetIndexer().ByIndex(index, value)
		if err != nil {
			continue
		}
		for _, store := range found {
			keys = append(keys, storeOf(store).key())
		}
	}
	return keys
}

// storeByUID finds the store that a Source belongs to.
func (m *Materializer) storeByUID(uid types.UID) (storeKey, bool) {
	keys := m.storesBy(indexUID, string(uid))
	if len(keys) == 0 {
		return storeKey{}, false
	}
	return keys[0], true
}
