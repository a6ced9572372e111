package resolve

import (
	"fmt"
	"slices"

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
	g := newGathering(len(list))
	for _, e := range list {
		g.add(e)
	}
	return g.needs, failures.or()
}

// fewEntries is how many entries are faster compared with each other than looked up: nearly every spec has no more.
const fewEntries = 16

// gathering is needs on their way into one list.
type gathering struct {
	needs []StoreNeeds
	// at and seen are nil where there are few: then they are looked for in needs.
	at   map[StoreRef]int
	seen map[asked]struct{}
}

type asked struct {
	store StoreRef
	need  provider.Need
}

func newGathering(entries int) *gathering {
	if entries <= fewEntries {
		return &gathering{}
	}
	return &gathering{at: map[StoreRef]int{}, seen: make(map[asked]struct{}, entries)}
}

// add adds what an entry needs, unless an entry before it needs the same.
func (g *gathering) add(e *entry) {
	i := g.store(e.store)
	of := &g.needs[i]
	if g.seen == nil {
		if slices.Contains(of.Needs, e.need) {
			return
		}
	} else {
		before := len(g.seen)
		g.seen[asked{e.store, e.need}] = struct{}{}
		if len(g.seen) == before {
			return
		}
	}
	of.Needs = append(of.Needs, e.need)
}

// store is the place of a store in needs.
func (g *gathering) store(ref StoreRef) int {
	i, ok := g.at[ref]
	if g.at == nil {
		i = slices.IndexFunc(g.needs, func(n StoreNeeds) bool { return n.Store == ref })
		ok = i >= 0
	}
	if ok {
		return i
	}
	g.needs = append(g.needs, StoreNeeds{Store: ref})
	if g.at != nil {
		g.at[ref] = len(g.needs) - 1
	}
	return len(g.needs) - 1
}
