// Package secretstore serves both kinds of store, SecretStore and ClusterSecretStore, which differ in their scope, and in that
// a SecretStore may not be at every site (egress.Policy). What is in spec.provider its provider validates.
//
// The subresource keys lists the names of what a store can see, live. No other request for a store asks a provider: whether
// it can be used, the materializer finds out and writes into its status.
package secretstore

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// kind is one of the two kinds of store.
type kind struct {
	name                    string
	plural, singular, short string
	namespaced              bool
	newObject, newList      func() runtime.Object
}

var (
	namespacedKind = kind{
		name:   v1.SecretStoreKind,
		plural: "secretstores", singular: "secretstore", short: "ss", namespaced: true,
		newObject: func() runtime.Object { return &v1.SecretStore{} },
		newList:   func() runtime.Object { return &v1.SecretStoreList{} },
	}
	clusterKind = kind{
		name:   v1.ClusterSecretStoreKind,
		plural: "clustersecretstores", singular: "clustersecretstore", short: "css",
		newObject: func() runtime.Object { return &v1.ClusterSecretStore{} },
		newList:   func() runtime.Object { return &v1.ClusterSecretStoreList{} },
	}
)

// store is a view of an object of either kind. Writing through it changes the object.
type store struct {
	meta    *metav1.ObjectMeta
	spec    *v1.SecretStoreSpec
	status  *v1.SecretStoreStatus
	cluster bool
}

// viewOf opens an object of either kind; ok is false for anything else.
func viewOf(obj runtime.Object) (view store, ok bool) {
	switch o := obj.(type) {
	case *v1.SecretStore:
		return store{&o.ObjectMeta, &o.Spec, &o.Status, false}, true
	case *v1.ClusterSecretStore:
		return store{&o.ObjectMeta, &o.Spec, &o.Status, true}, true
	}
	return store{}, false
}

// mustView opens an object that the Store made itself.
func mustView(obj runtime.Object) store {
	view, ok := viewOf(obj)
	if !ok {
		panic("secretstore: the store holds an object of a foreign type")
	}
	return view
}
