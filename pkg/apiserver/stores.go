package apiserver

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	informers "github.com/live-secrets/external-secrets-apiserver/pkg/generated/informers/externalversions/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/secretstore"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// stores finds stores in the informers that watch this server itself.
type stores struct {
	namespaced informers.SecretStoreInformer
	cluster    informers.ClusterSecretStoreInformer
}

var _ outcome.Stores = stores{}

// HasSynced tells whether both kinds have been seen once.
func (s stores) HasSynced() bool {
	return s.namespaced.Informer().HasSynced() && s.cluster.Informer().HasSynced()
}

// Find implements outcome.Stores.
func (s stores) Find(namespace string, ref resolve.StoreRef) (outcome.Store, error) {
	var (
		store outcome.Store
		err   error
	)
	if ref.Kind == v1.ClusterSecretStoreKind {
		var found *v1.ClusterSecretStore
		if found, err = s.cluster.Lister().Get(ref.Name); err == nil {
			store = storeOf(ref.Kind, &found.ObjectMeta, &found.Spec)
		}
	} else {
		var found *v1.SecretStore
		if found, err = s.namespaced.Lister().SecretStores(namespace).Get(ref.Name); err == nil {
			store = storeOf(ref.Kind, &found.ObjectMeta, &found.Spec)
		}
	}
	switch {
	case err == nil:
		return store, nil
	case !s.HasSynced():
		return store, provider.Errorf(provider.Unavailable, "this server has just started and has not read its stores yet")
	case errors.IsNotFound(err):
		return store, provider.Errorf(provider.ScopeNotFound, "%s does not exist", ref)
	default:
		return store, &provider.Error{Reason: provider.Unavailable, Message: fmt.Sprintf("%s cannot be read", ref), Cause: err}
	}
}

func storeOf(kind string, meta *metav1.ObjectMeta, spec *v1.SecretStoreSpec) outcome.Store {
	return outcome.Store{
		Store: source.Store{UID: meta.UID, Kind: kind, Namespace: meta.Namespace, Name: meta.Name, Provider: spec.Provider, Retry: spec.RetrySettings},
		Spec:  spec,
	}
}

// keyLister reads the keys that a store can see.
type keyLister struct {
	catalog *outcome.Catalog
}

var _ secretstore.Lister = keyLister{}

// Keys implements secretstore.Lister.
func (l keyLister) Keys(ctx context.Context, view secretstore.StoreView, user string, notBefore time.Time) ([]provider.RemoteKey, error) {
	opened, err := l.catalog.OpenStore(ctx, storeOf(view.Kind, view.Meta, view.Spec))
	if err != nil {
		return nil, err
	}
	listing, err := opened.Keys(ctx, source.Reader{User: user}, notBefore)
	return listing.Keys, err
}
