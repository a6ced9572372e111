package externalsecret

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/substatus"
)

// NewStore makes the Store of ExternalSecrets: what is in etcd, with nothing live. table renders it for kubectl. rules are
// those of admission.
func NewStore(scheme *runtime.Scheme, getter generic.RESTOptionsGetter, table rest.TableConvertor, rules validation.Rules) (*genericregistry.Store, error) {
	strategy := newStrategy(scheme, rules)
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return &v1.ExternalSecret{} },
		NewListFunc:               func() runtime.Object { return &v1.ExternalSecretList{} },
		PredicateFunc:             matchExternalSecret,
		DefaultQualifiedResource:  v1.Resource("externalsecrets"),
		SingularQualifiedResource: v1.Resource("externalsecret"),
		CreateStrategy:            strategy,
		UpdateStrategy:            strategy,
		DeleteStrategy:            strategy,
		ResetFieldsStrategy:       strategy,
		TableConvertor:            table,
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: getter, AttrFunc: getAttrs}); err != nil {
		return nil, fmt.Errorf("set up the store of ExternalSecrets: %w", err)
	}
	return store, nil
}

// getAttrs gives what selectors may select on: the fields that External Secrets Operator's CRD makes selectable.
func getAttrs(obj runtime.Object) (labels.Set, fields.Set, error) {
	es, ok := obj.(*v1.ExternalSecret)
	if !ok {
		return nil, nil, errors.New("not an ExternalSecret")
	}
	set := fields.Set{
		v1.FieldStoreName: "", v1.FieldStoreKind: "", v1.FieldTargetName: "", v1.FieldRefreshInterval: "",
	}
	put := func(name string, value *string) {
		if value != nil {
			set[name] = *value
		}
	}
	if ref := es.Spec.SecretStoreRef; ref != nil {
		put(v1.FieldStoreName, ref.Name)
		put(v1.FieldStoreKind, ref.Kind)
	}
	if es.Spec.Target != nil {
		put(v1.FieldTargetName, es.Spec.Target.Name)
	}
	put(v1.FieldRefreshInterval, es.Spec.RefreshInterval)
	return es.Labels, generic.AddObjectMetaFieldsSet(set, &es.ObjectMeta, true), nil
}

func matchExternalSecret(label labels.Selector, field fields.Selector) storage.SelectionPredicate {
	return storage.SelectionPredicate{Label: label, Field: field, GetAttrs: getAttrs}
}

// NewStatusREST serves the status of what store holds.
func NewStatusREST(scheme *runtime.Scheme, store *genericregistry.Store) *substatus.REST {
	return substatus.New(store, statusStrategy{newStrategy(scheme, validation.Rules{})})
}
