package secretstore

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/readmode"
)

// Lister names what a store can see at its provider, from pictures that began at or after notBefore, on behalf of a user.
type Lister interface {
	Keys(ctx context.Context, view StoreView, user string, notBefore time.Time) ([]provider.RemoteKey, error)
}

// StoreView is a store of either kind; Namespace is empty for a ClusterSecretStore.
type StoreView struct {
	Kind string
	Meta *metav1.ObjectMeta
	Spec *v1.SecretStoreSpec
}

// KeysREST is the keys subresource: the names of the remote secrets that a store can see, without values.
type KeysREST struct {
	store   *genericregistry.Store
	kind    kind
	lister  Lister
	timeout time.Duration
}

// Keys makes the keys subresource of the stores that r serves. timeout is how long a request waits for the provider.
func (r *REST) Keys(lister Lister, timeout time.Duration) *KeysREST {
	return &KeysREST{store: r.Store, kind: r.kind, lister: lister, timeout: timeout}
}

var _ interface {
	rest.Storage
	rest.Getter
	rest.TableConvertor
} = (*KeysREST)(nil)

// New makes an empty list of keys.
func (*KeysREST) New() runtime.Object { return &v1.SecretStoreKeys{} }

// Destroy does nothing: the Store that it shares is destroyed with the main resource.
func (*KeysREST) Destroy() {}

// Get asks the provider what the store can see now.
func (r *KeysREST) Get(ctx context.Context, name string, _ *metav1.GetOptions) (runtime.Object, error) {
	obj, err := r.store.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	view := mustView(obj)
	notBefore, ok := request.ReceivedTimestampFrom(ctx)
	if !ok {
		notBefore = time.Now()
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	found, err := r.lister.Keys(ctx, StoreView{Kind: r.kind.name, Meta: view.meta, Spec: view.spec}, readmode.User(ctx), notBefore)
	if err != nil {
		return nil, apierrors.NewServiceUnavailable(fmt.Sprintf("the keys of %s %s cannot be read: %s: %s",
			r.kind.name, name, provider.ReasonOf(err), err.Error()))
	}
	keys := &v1.SecretStoreKeys{
		ObjectMeta: metav1.ObjectMeta{Name: view.meta.Name, Namespace: view.meta.Namespace},
		Keys:       make([]v1.SecretStoreKey, 0, len(found)),
	}
	for _, k := range found {
		key := v1.SecretStoreKey{Key: k.Key, Scope: k.Scope, Version: k.Version}
		if !k.Updated.IsZero() {
			key.UpdatedTime = &metav1.Time{Time: k.Updated}
		}
		keys.Keys = append(keys.Keys, key)
	}
	return keys, nil
}

// ConvertToTable shows a row per key.
func (*KeysREST) ConvertToTable(_ context.Context, object, options runtime.Object) (*metav1.Table, error) {
	keys, ok := object.(*v1.SecretStoreKeys)
	if !ok {
		return nil, fmt.Errorf("render a table: %T is not a list of keys", object)
	}
	out := &metav1.Table{}
	for i := range keys.Keys {
		k := &keys.Keys[i]
		updated := ""
		if k.UpdatedTime != nil {
			updated = k.UpdatedTime.UTC().Format(time.RFC3339)
		}
		// A row stands for an object, and kubectl reads its metadata.
		row := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: k.Key, Namespace: keys.Namespace}}
		out.Rows = append(out.Rows, metav1.TableRow{
			Cells: []any{k.Key, k.Scope, k.Version, updated}, Object: runtime.RawExtension{Object: row},
		})
	}
	if o, ok := options.(*metav1.TableOptions); !ok || !o.NoHeaders {
		out.ColumnDefinitions = []metav1.TableColumnDefinition{
			{Name: "Key", Type: "string", Format: "name", Description: "What a remoteRef.key would say."},
			{Name: "Scope", Type: "string", Description: "The vault or folder that holds it."},
			{Name: "Version", Type: "string", Description: "Its version as the provider counts."},
			{Name: "Updated", Type: "string", Description: "When the provider says that it last changed."},
		}
	}
	return out, nil
}
