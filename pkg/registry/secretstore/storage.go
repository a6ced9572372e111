package secretstore

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/refusal"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/substatus"
)

// REST is one kind of store as kubectl sees it.
type REST struct {
	*genericregistry.Store
	kind      kind
	explainer explainer
}

var _ interface {
	rest.StandardStorage
	rest.ShortNamesProvider
	rest.CategoriesProvider
	rest.SingularNameProvider
} = (*REST)(nil)

// ShortNames are those of External Secrets Operator's CRDs.
func (r *REST) ShortNames() []string { return []string{r.kind.short} }

// Categories let `kubectl get external-secrets` list the kind.
func (*REST) Categories() []string { return []string{"external-secrets"} }

// NewREST serves SecretStores, which may be at the sites that reach allows.
func NewREST(scheme *runtime.Scheme, getter generic.RESTOptionsGetter, providers []provider.Provider, reach *egress.Policy) (*REST, *substatus.REST, error) {
	return newREST(getter, newStrategy(scheme, namespacedKind, providers, reach))
}

// NewClusterREST serves ClusterSecretStores, whose sites are the operator's choice.
func NewClusterREST(scheme *runtime.Scheme, getter generic.RESTOptionsGetter, providers []provider.Provider) (*REST, *substatus.REST, error) {
	return newREST(getter, newStrategy(scheme, clusterKind, providers, nil))
}

func newREST(getter generic.RESTOptionsGetter, strategy strategy) (*REST, *substatus.REST, error) {
	kind := strategy.kind
	store := &genericregistry.Store{
		NewFunc:                   kind.newObject,
		NewListFunc:               kind.newList,
		PredicateFunc:             matchStore,
		DefaultQualifiedResource:  v1.Resource(kind.plural),
		SingularQualifiedResource: v1.Resource(kind.singular),
		CreateStrategy:            strategy,
		UpdateStrategy:            strategy,
		DeleteStrategy:            strategy,
		ResetFieldsStrategy:       strategy,
		TableConvertor:            table{},
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: getter, AttrFunc: getAttrs}); err != nil {
		return nil, nil, fmt.Errorf("set up the store of %s: %w", kind.plural, err)
	}
	return &REST{Store: store, kind: kind, explainer: explainer{namesOf(strategy.providers)}}, substatus.New(store, statusStrategy{strategy}), nil
}

// Create stores the object.
func (r *REST) Create(ctx context.Context, obj runtime.Object, createValidation rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	created, err := r.Store.Create(ctx, obj, createValidation, options)
	return created, refusal.Of(err)
}

// Update stores the object. The errors of patches and of server-side apply, which come up in it, list the providers there
// are where the object names another one.
func (r *REST) Update(ctx context.Context, name string, objInfo rest.UpdatedObjectInfo, createValidation rest.ValidateObjectFunc,
	updateValidation rest.ValidateObjectUpdateFunc, forceAllowCreate bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	updated, created, err := r.Store.Update(ctx, name, objInfo, createValidation, updateValidation, forceAllowCreate, options)
	return updated, created, r.explainer.status(refusal.Of(err))
}

// Delete deletes the object, or marks it as to be deleted where something holds it.
func (r *REST) Delete(ctx context.Context, name string, deleteValidation rest.ValidateObjectFunc, options *metav1.DeleteOptions) (runtime.Object, bool, error) {
	deleted, now, err := r.Store.Delete(ctx, name, deleteValidation, options)
	return deleted, now, refusal.Of(err)
}

func getAttrs(obj runtime.Object) (labels.Set, fields.Set, error) {
	view, ok := viewOf(obj)
	if !ok {
		return nil, nil, errors.New("not a store")
	}
	return view.meta.Labels, generic.ObjectMetaFieldsSet(view.meta, !view.cluster), nil
}

func matchStore(label labels.Selector, field fields.Selector) storage.SelectionPredicate {
	return storage.SelectionPredicate{Label: label, Field: field, GetAttrs: getAttrs}
}
