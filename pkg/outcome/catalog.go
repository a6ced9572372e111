package outcome

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// Store is a SecretStore or ClusterSecretStore as far as it is used here.
type Store struct {
	source.Store
	Spec *v1.SecretStoreSpec
}

// Stores finds stores by what a spec calls them. namespace is the ExternalSecret's. Errors are *provider.Error:
// ScopeNotFound for a store that is not there, Unavailable while that cannot be said.
type Stores interface {
	Find(namespace string, ref resolve.StoreRef) (Store, error)
}

// Namespaces shows the labels of the host's namespaces.
type Namespaces interface {
	NamespaceLabels(name string) (labels.Set, bool)
}

// Materials reads what a store's references lead to; storeNamespace is empty for a ClusterSecretStore.
type Materials interface {
	Material(ctx context.Context, storeNamespace string, refs []provider.Reference) (provider.Material, error)
}

// Catalog opens stores. It is safe for concurrent use.
type Catalog struct {
	Stores     Stores
	Namespaces Namespaces
	Materials  Materials
	Sources    *source.Sources
	Providers  []provider.Provider
	// Class is the controller class of this server: stores that name another are not its business.
	Class string
}

// Foreign tells whether a store is left to a controller of another class.
func (c *Catalog) Foreign(spec *v1.SecretStoreSpec) bool {
	class := ptr.Deref(spec.Controller, "")
	return class != "" && class != c.Class
}

// find gives a store that ExternalSecrets of a namespace may use. Errors are *provider.Error and name the store.
func (c *Catalog) find(namespace string, ref resolve.StoreRef) (Store, error) {
	store, err := c.Stores.Find(namespace, ref)
	if err != nil {
		return store, aboutStore(err)
	}
	if store.Namespace == "" && !c.allowed(namespace, store.Spec.Conditions) {
		return store, aboutStore(provider.Errorf(provider.Forbidden, "the conditions of %s do not allow namespace %s", ref, namespace))
	}
	return store, nil
}

// OpenStore gives the Source of a store, whoever uses it. Errors are *provider.Error and name the store.
func (c *Catalog) OpenStore(ctx context.Context, store Store) (*source.Source, error) {
	p := c.providerOf(store.Spec.Provider)
	if p == nil {
		return nil, aboutStore(provider.Errorf(provider.Invalid, "%s %s names no provider of this server", store.Kind, store.Name))
	}
	material, err := c.Materials.Material(ctx, store.Namespace, p.References(store.Spec.Provider))
	if err != nil {
		return nil, aboutStore(err)
	}
	opened, err := c.Sources.Get(store.Store, material)
	if err != nil {
		return nil, aboutStore(err)
	}
	return opened, nil
}

// errStore marks what is wrong with a store, as against what a value turned out to be.
var errStore = errors.New("about a store")

// aboutStore is err as an error about a store. Its text is for users: only *provider.Errors have one that is.
func aboutStore(err error) error {
	var e *provider.Error
	if !errors.As(err, &e) {
		return &provider.Error{Reason: provider.Unavailable, Message: "the store cannot be used", Cause: errors.Join(errStore, err)}
	}
	marked := *e
	marked.Cause = errors.Join(errStore, e.Cause)
	return &marked
}

func (c *Catalog) providerOf(spec *v1.SecretStoreProvider) provider.Provider {
	if spec == nil {
		return nil
	}
	for _, p := range c.Providers {
		if p.In(spec) {
			return p
		}
	}
	return nil
}

// References lists what a store of the host refers to, for those who watch it; nothing where it names no provider.
func (c *Catalog) References(spec *v1.SecretStoreSpec) []provider.Reference {
	p := c.providerOf(spec.Provider)
	if p == nil {
		return nil
	}
	return p.References(spec.Provider)
}
