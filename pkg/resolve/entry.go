package resolve

import (
	"strconv"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// entry is one element of spec.data or spec.dataFrom that names a store and a need. Exactly one of data and from is set.
type entry struct {
	path string
	// order is the entry's place in the spec.
	order int
	store StoreRef
	need  provider.Need
	data  *v1.ExternalSecretData
	from  *v1.ExternalSecretDataFrom
}

// entries lists what the spec asks for in its order, data before dataFrom, and the entries that cannot be asked for.
func entries(spec *v1.ExternalSecretSpec) ([]*entry, Errors) {
	list := make([]*entry, 0, len(spec.Data)+len(spec.DataFrom))
	var failures Errors
	add := func(e *entry, source *v1.SourceRef, failure *Error) {
		if failure == nil {
			failure = e.source(spec.SecretStoreRef, source)
		}
		if failure != nil {
			failures = append(failures, failure)
			return
		}
		list = append(list, e)
	}
	for i := range spec.Data {
		e := dataEntry(i, &spec.Data[i])
		add(e, e.data.SourceRef, nil)
	}
	for i := range spec.DataFrom {
		e, failure := dataFromEntry(i, len(spec.Data)+i, &spec.DataFrom[i])
		add(e, e.from.SourceRef, failure)
	}
	return list, failures
}

func dataEntry(i int, data *v1.ExternalSecretData) *entry {
	return &entry{
		path:  "spec.data[" + strconv.Itoa(i) + "]",
		order: i,
		need:  remoteNeed(provider.KindValue, data.RemoteRef),
		data:  data,
	}
}

func dataFromEntry(i, order int, from *v1.ExternalSecretDataFrom) (*entry, *Error) {
	e := &entry{path: "spec.dataFrom[" + strconv.Itoa(i) + "]", order: order, from: from}
	generator := from.SourceRef != nil && from.SourceRef.GeneratorRef != nil
	switch {
	case generator:
		return e, nil
	case from.Extract != nil && from.Find != nil:
		return e, e.invalid("extract and find exclude each other")
	case from.Extract != nil:
		e.path += ".extract"
		e.need = remoteNeed(provider.KindMap, *from.Extract)
	case from.Find != nil:
		e.path += ".find"
		e.need = findNeed(*from.Find)
	default:
		return e, e.invalid("one of extract and find is required")
	}
	return e, nil
}

// source finds the entry's store: that of its own sourceRef, else the spec's.
func (e *entry) source(common *v1.SecretStoreRef, own *v1.SourceRef) *Error {
	ref := common
	if own != nil {
		if own.GeneratorRef != nil {
			return e.invalid("sourceRef.generatorRef names a generator, and this server has no generators: name a store")
		}
		// Typed clients write an empty storeRef where they mean none.
		if own.StoreRef != nil && *own.StoreRef != (v1.SecretStoreRef{}) {
			ref = own.StoreRef
		}
	}
	if ref == nil || deref(ref.Name) == "" {
		return e.invalid("no store is named: set spec.secretStoreRef.name or the entry's sourceRef.storeRef.name")
	}
	e.store = StoreRef{Kind: deref(ref.Kind), Name: *ref.Name}
	switch e.store.Kind {
	case "":
		e.store.Kind = SecretStore
	case SecretStore, ClusterSecretStore:
	default:
		return e.invalid("the store's kind must be %s or %s", SecretStore, ClusterSecretStore)
	}
	return nil
}

func remoteNeed(kind provider.Kind, ref v1.RemoteRef) provider.Need {
	return provider.Need{
		Kind: kind, Key: ref.Key, Property: deref(ref.Property), Version: deref(ref.Version),
		Metadata: deref(ref.MetadataPolicy) == v1.MetadataPolicyFetch,
	}
}

func findNeed(find v1.Find) provider.Need {
	var name string
	if find.Name != nil {
		name = deref(find.Name.RegExp)
	}
	return provider.FindNeed(deref(find.Path), name, find.Tags)
}

// deref is what p points to, and the zero value where it points to nothing.
func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
