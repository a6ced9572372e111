package externalsecret

import (
	"context"

	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/readmode"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/refusal"
	"github.com/live-secrets/external-secrets-apiserver/pkg/stack"
)

// REST is ExternalSecrets as kubectl sees them: the Store, with live reads over it. Live status is laid over the results of
// Get, List and dry runs alone, on copies: the Store's own objects are shared with its watch cache, and what is written
// into them would reach watches and, with the next patch, etcd.
type REST struct {
	*genericregistry.Store
	live    *Live
	authors *Authors
	pages   *pages
}

var _ interface {
	rest.StandardStorage
	rest.ShortNamesProvider
	rest.CategoriesProvider
	rest.SingularNameProvider
} = (*REST)(nil)

// NewREST serves what store holds, with live over it. authors says which rights the authors of specs need.
func NewREST(store *genericregistry.Store, live *Live, authors *Authors) *REST {
	return &REST{Store: store, live: live, authors: authors, pages: newPages()}
}

// ShortNames are those of External Secrets Operator's CRD.
func (*REST) ShortNames() []string { return []string{"es"} }

// Categories let `kubectl get external-secrets` list the kind.
func (*REST) Categories() []string { return []string{"external-secrets"} }

// Get reads the stored object and, where the request is for the most recent state, asks the provider for its live status.
func (r *REST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	obj, err := r.Store.Get(ctx, name, options)
	if err != nil || !readmode.Live(ctx, options.ResourceVersion) {
		return obj, err
	}
	es := obj.(*v1.ExternalSecret)
	return overlay(es, r.live.get(ctx, es)), nil
}

// List is Get for many, from pictures that may be a little older. Later pages are answered as the first one was.
func (r *REST) List(ctx context.Context, options *metainternalversion.ListOptions) (runtime.Object, error) {
	obj, err := r.Store.List(ctx, options)
	if err != nil || !r.listsLive(ctx, options) {
		return obj, err
	}
	list := r.live.list(ctx, obj.(*v1.ExternalSecretList))
	r.pages.remember(list.Continue)
	return list, nil
}

func (r *REST) listsLive(ctx context.Context, options *metainternalversion.ListOptions) bool {
	if options == nil {
		return readmode.Live(ctx, "")
	}
	if options.Continue != "" && !r.pages.known(options.Continue) {
		return false
	}
	return readmode.Live(ctx, options.ResourceVersion)
}

// Create stores the object. Then it warns of stores and keys that are not there; a dry run tells the live status instead.
func (r *REST) Create(ctx context.Context, obj runtime.Object, createValidation rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	stack.Grow()
	created, err := r.Store.Create(r.authors.Takeovers.begin(ctx), obj, check(r.authors.check).onCreate(createValidation), options)
	if err != nil {
		return created, refusal.Of(err)
	}
	return r.written(ctx, created, options.DryRun, true), nil
}

// Update stores the object, as Create does.
func (r *REST) Update(ctx context.Context, name string, objInfo rest.UpdatedObjectInfo, createValidation rest.ValidateObjectFunc,
	updateValidation rest.ValidateObjectUpdateFunc, forceAllowCreate bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	stack.Grow()
	allowed := check(r.authors.check)
	updated, created, err := r.Store.Update(r.authors.Takeovers.begin(ctx), name, objInfo,
		allowed.onCreate(createValidation), allowed.onUpdate(updateValidation), forceAllowCreate, options)
	if err != nil {
		return updated, created, refusal.Of(err)
	}
	return r.written(ctx, updated, options.DryRun, created), created, nil
}

// Delete deletes the object, or marks it as to be deleted where something holds it.
func (r *REST) Delete(ctx context.Context, name string, deleteValidation rest.ValidateObjectFunc, options *metav1.DeleteOptions) (runtime.Object, bool, error) {
	deleted, now, err := r.Store.Delete(ctx, name, deleteValidation, options)
	return deleted, now, refusal.Of(err)
}

// written is the answer to a write that the Store has accepted.
func (r *REST) written(ctx context.Context, obj runtime.Object, dryRun []string, created bool) runtime.Object {
	es, ok := obj.(*v1.ExternalSecret)
	if !ok {
		return obj
	}
	if len(dryRun) == 0 {
		if !readmode.Own(ctx) {
			r.live.warn(ctx, es, created)
		}
		return obj
	}
	// Both sides of kubectl's diff are stored objects: a status on one of them would show as a difference.
	if readmode.AskedFrom(ctx).Command == "diff" {
		return obj
	}
	return overlay(es, r.live.dryRun(ctx, es))
}
