package outcome

import (
	"context"

	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// opener opens stores for one call: each store once, and its conditions once for each namespace. It is used by one goroutine.
type opener struct {
	catalog *Catalog
	places  map[place]*opened
	sources map[types.UID]openedSource
}

// place is a store as ExternalSecrets of a namespace name it.
type place struct {
	namespace string
	ref       resolve.StoreRef
}

// opened is what became of a store for ExternalSecrets of one namespace.
type opened struct {
	store   Store
	source  *source.Source
	err     error
	foreign bool
}

type openedSource struct {
	source *source.Source
	err    error
}

func (c *Catalog) opener() *opener {
	return &opener{catalog: c, places: map[place]*opened{}, sources: map[types.UID]openedSource{}}
}

// open gives the Source of a store for ExternalSecrets of a namespace.
func (o *opener) open(ctx context.Context, namespace string, ref resolve.StoreRef) *opened {
	at := place{namespace, ref}
	if known := o.places[at]; known != nil {
		return known
	}
	found := &opened{}
	o.places[at] = found
	found.store, found.err = o.catalog.find(namespace, ref)
	found.foreign = found.store.Spec != nil && o.catalog.Foreign(found.store.Spec)
	if found.err == nil {
		found.source, found.err = o.source(ctx, found.store)
	}
	return found
}

func (o *opener) source(ctx context.Context, store Store) (*source.Source, error) {
	if known, ok := o.sources[store.UID]; ok {
		return known.source, known.err
	}
	var one openedSource
	one.source, one.err = o.catalog.OpenStore(ctx, store)
	o.sources[store.UID] = one
	return one.source, one.err
}
