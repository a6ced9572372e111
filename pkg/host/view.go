package host

import (
	"context"
	"sync"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/quiet"
)

// view is what is seen of one kind: all of it by one informer, or some namespaces by one each.
type view struct {
	// parts are the informers by their namespace, which is empty for one that sees all.
	parts map[string]*part
}

// part is one informer of a view.
type part struct {
	cache.SharedIndexInformer
	where quiet.Where
	// refused is set once the host has said that the server may not look there.
	refused atomic.Bool
}

func newView(client *quiet.Client, resource schema.GroupVersionResource, scope Scope, trim quiet.Trim, indexers cache.Indexers) *view {
	namespaces := scope.Namespaces
	if namespaces == nil {
		namespaces = []string{metav1.NamespaceAll}
	}
	v := &view{parts: map[string]*part{}}
	for _, namespace := range namespaces {
		v.parts[namespace] = newPart(client, resource, quiet.Where{Namespace: namespace}, trim, indexers)
	}
	return v
}

func newPart(client *quiet.Client, resource schema.GroupVersionResource, where quiet.Where, trim quiet.Trim, indexers cache.Indexers) *part {
	return &part{where: where, SharedIndexInformer: cache.NewSharedIndexInformerWithOptions(
		client.ListWatch(resource, where, trim),
		&metav1.PartialObjectMetadata{},
		cache.SharedIndexInformerOptions{Indexers: indexers, ObjectDescription: "metadata of " + resource.Resource},
	)}
}

// onError has handle called with each error of the lists and watches. One that it does not say is done with is logged. It is to
// be called once, before the part runs.
func (p *part) onError(handle func(error) (done bool)) error {
	return p.SetWatchErrorHandlerWithContext(func(ctx context.Context, r *cache.Reflector, err error) {
		if apierrors.IsForbidden(err) {
			p.refused.Store(true)
		}
		if !handle(err) {
			cache.DefaultWatchErrorHandler(ctx, r, err)
		}
	})
}

// isSettled tells whether a part has seen all there is, or all that it may. Where the server is to see everything, what it may
// not see keeps it waiting; one namespace of several that it may not look into, or that does not exist yet, holds up none of
// the others.
func (p *part) isSettled() bool {
	return p.HasSynced() || p.where.Namespace != "" && p.refused.Load()
}

// in is the part that sees a namespace, nil for none.
func (v *view) in(namespace string) *part {
	if all := v.parts[metav1.NamespaceAll]; all != nil {
		return all
	}
	return v.parts[namespace]
}

// run watches until ctx ends, and returns when all watches have.
func (v *view) run(ctx context.Context) {
	var running sync.WaitGroup
	for _, p := range v.parts {
		running.Go(func() { p.RunWithContext(ctx) })
	}
	running.Wait()
}

func (v *view) isSettled() bool {
	for _, p := range v.parts {
		if !p.isSettled() {
			return false
		}
	}
	return true
}

// each calls f with all objects that are seen.
func (v *view) each(f func(*metav1.PartialObjectMetadata)) {
	for _, p := range v.parts {
		for _, object := range p.GetStore().List() {
			f(object.(*metav1.PartialObjectMetadata))
		}
	}
}

// get is an object as last seen. known is false where nothing can be said of it, yet or at all.
func (v *view) get(namespace, name string) (found *metav1.PartialObjectMetadata, known bool) {
	if v == nil {
		return nil, false
	}
	return v.in(namespace).get(namespace, name)
}

func (p *part) get(namespace, name string) (found *metav1.PartialObjectMetadata, known bool) {
	if p == nil || !p.HasSynced() {
		return nil, false
	}
	found, _ = lookup(p, namespace+"/"+name)
	return found, true
}
