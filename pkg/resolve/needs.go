package resolve

import (
	"fmt"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// The kinds of stores.
const (
	SecretStore        = "SecretStore"
	ClusterSecretStore = "ClusterSecretStore"
)

// StoreRef names a store as an ExternalSecret sees it: a SecretStore is in the ExternalSecret's own namespace.
type StoreRef struct {
	// Kind is SecretStore or ClusterSecretStore.
	Kind string
	Name string
}

// String is "Kind name".
func (s StoreRef) String() string { return fmt.Sprintf("%s %q", s.Kind, s.Name) }

// StoreNeeds is what an ExternalSecret wants of one store.
type StoreNeeds struct {
	Store StoreRef
	Needs []provider.Need
}

// Needs lists what es wants of which store, in the order in which the spec first names each (data, then dataFrom), without
// duplicates. Entries that cannot be asked for (no store, a generator) are told in the error, which is Errors with Reason
// Invalid; the other entries' needs are returned beside it.
func Needs(es *v1.ExternalSecret) ([]StoreNeeds, error) {
	list, failures := entries(&es.Spec)
	var needs []StoreNeeds
	at := map[StoreRef]int{}
	type asked struct {
		store StoreRef
		need  provider.Need
	}
	seen := map[asked]bool{}
	for _, e := range list {
		if seen[asked{e.store, e.need}] {
			continue
		}
		seen[asked{e.store, e.need}] = true
		i, ok := at[e.store]
		if !ok {
			i = len(needs)
			at[e.store] = i
			needs = append(needs, StoreNeeds{Store: e.store})
		}
		needs[i].Needs = append(needs[i].Needs, e.need)
	}
	return needs, failures.or()
}
