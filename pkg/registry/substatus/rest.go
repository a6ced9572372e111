// Package substatus serves the status subresource of every kind, as those of CRDs behave: a write keeps all but the
// status, and never creates.
package substatus

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/refusal"
	"github.com/live-secrets/external-secrets-apiserver/pkg/stack"
)

// Strategy is what happens to an object that is written through its status subresource.
type Strategy interface {
	rest.RESTUpdateStrategy
	rest.ResetFieldsStrategy
}

// REST is the status subresource: stored objects, never live ones.
type REST struct {
	store *genericregistry.Store
}

// New serves the status of what store holds.
func New(store *genericregistry.Store, strategy Strategy) *REST {
	status := *store
	status.UpdateStrategy = strategy
	status.ResetFieldsStrategy = strategy
	return &REST{store: &status}
}

var _ interface {
	rest.Storage
	rest.Patcher
	rest.ResetFieldsStrategy
	rest.TableConvertor
} = (*REST)(nil)

// New makes an empty object.
func (r *REST) New() runtime.Object { return r.store.New() }

// Destroy does nothing: the Store that it shares is destroyed with the main resource.
func (*REST) Destroy() {}

// Get reads the stored object.
func (r *REST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return r.store.Get(ctx, name, options)
}

// Update writes the status alone, and never creates.
func (r *REST) Update(ctx context.Context, name string, objInfo rest.UpdatedObjectInfo, createValidation rest.ValidateObjectFunc,
	updateValidation rest.ValidateObjectUpdateFunc, _ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	stack.Grow()
	updated, created, err := r.store.Update(ctx, name, objInfo, createValidation, updateValidation, false, options)
	return updated, created, refusal.Of(err)
}

// GetResetFields is the status strategy's.
func (r *REST) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return r.store.GetResetFields()
}

// ConvertToTable renders as the main resource does.
func (r *REST) ConvertToTable(ctx context.Context, object, options runtime.Object) (*metav1.Table, error) {
	return r.store.ConvertToTable(ctx, object, options)
}

// KeepMetadata puts the metadata of the stored object back, but for what a write of the status changes itself.
func KeepMetadata(meta, before *metav1.ObjectMeta) {
	managed, version := meta.ManagedFields, meta.ResourceVersion
	*meta = *before.DeepCopy()
	meta.ManagedFields, meta.ResourceVersion = managed, version
}

// Fields are paths that a write does not own, for server-side apply.
func Fields(paths ...fieldpath.Path) map[fieldpath.APIVersion]*fieldpath.Set {
	return map[fieldpath.APIVersion]*fieldpath.Set{
		fieldpath.APIVersion(v1.SchemeGroupVersion.String()): fieldpath.NewSet(paths...),
	}
}
