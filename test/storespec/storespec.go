// Package storespec has the specs of stores that tests need, on servers that tests start.
package storespec

import (
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// Connect is a store on a 1Password Connect server, whose access token is where token says. Keys are looked up in the vaults in
// their order.
func Connect(url string, token v1.SecretKeySelector, vaults ...string) *v1.SecretStoreProvider {
	order := make(map[string]int64, len(vaults))
	for i, name := range vaults {
		order[name] = int64(i + 1)
	}
	return &v1.SecretStoreProvider{OnePassword: &v1.OnePasswordProvider{
		ConnectHost: url, Vaults: order,
		Auth: &v1.OnePasswordAuth{SecretRef: &v1.OnePasswordAuthSecretRef{ConnectTokenSecretRef: token}},
	}}
}

// Key is a key of a Secret, in the namespace of whoever refers to it.
func Key(secret, key string) v1.SecretKeySelector {
	return v1.SecretKeySelector{Name: &secret, Key: &key}
}

// KeyIn is a key of a Secret of another namespace, as stores of the cluster name it.
func KeyIn(namespace, secret, key string) v1.SecretKeySelector {
	selector := Key(secret, key)
	selector.Namespace = ptr.To(namespace)
	return selector
}
