package host

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/cache"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/object"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

const (
	indexCreatedBy = "createdBy"
	indexManaged   = "managed"
)

// targetIndexers find targets by the mark of their owner. A created-by label counts in its namespace alone, wherever it was
// copied to.
func targetIndexers() cache.Indexers {
	return cache.Indexers{indexCreatedBy: func(object any) ([]string, error) {
		p := object.(*metav1.PartialObjectMetadata)
		if createdBy, ok := p.Annotations[secret.LabelCreatedBy]; ok {
			return []string{p.Namespace + "/" + createdBy}, nil
		}
		return nil, nil
	}}
}

// secretIndexers find Secrets by their marks.
func secretIndexers() cache.Indexers {
	indexers := targetIndexers()
	indexers[indexManaged] = func(object any) ([]string, error) {
		if object.(*metav1.PartialObjectMetadata).Annotations[secret.LabelManaged] == secret.LabelManagedValue {
			return []string{indexManaged}, nil
		}
		return nil, nil
	}
	return indexers
}

// Version is the resourceVersion at which an object was last seen, empty where there is none. known is false until the
// objects of its kind have been seen once: then nothing can be said.
func (h *Host) Version(o Object) (resourceVersion string, known bool) {
	found, known := h.views[o.Kind].get(o.Namespace, o.Name)
	if p, ok := h.besides[o]; ok {
		found, known = p.get(o.Namespace, o.Name)
	}
	if found == nil {
		return "", known
	}
	return found.ResourceVersion, true
}

// Object is the metadata of an object, as last seen. known is false for one of a kind that is not followed, or out of scope, or
// that has not been seen yet.
func (h *Host) Object(o Object) (meta Metadata, exists, known bool) {
	v := h.views[o.Kind]
	if v == nil {
		if k := h.followed.get(o.Kind); k != nil {
			v, _ = k.view()
		}
	}
	found, known := v.get(o.Namespace, o.Name)
	if found == nil {
		return Metadata{}, false, known
	}
	return metadataOf(found), true, true
}

// ManagedSecrets lists the Secrets that carry the mark of those that ExternalSecrets write, in no order.
func (h *Host) ManagedSecrets() []Metadata {
	var managed []Metadata
	for _, p := range h.views[KindSecret].parts {
		managed = append(managed, by(p, indexManaged, indexManaged)...)
	}
	return managed
}

// Orphan is an object that an ExternalSecret owns besides its target.
type Orphan struct {
	Metadata
	Kind Kind
	// Resource is where objects of its kind are served; zero for a Secret.
	Resource object.Resource
}

// Orphans lists the Secrets, ConfigMaps and objects of kinds that are followed which an ExternalSecret owns besides its
// target: those of a target that was renamed, or whose kind was changed. Both marks of an owner are needed, the label and the
// reference: either can be set, or taken off to keep an object, by hand.
func (h *Host) Orphans(owner secret.Owner, target Object) []Orphan {
	orphaned := orphansIn(nil, owner, target, Orphan{Kind: KindSecret}, h.views[KindSecret])
	configMaps := object.Resource{GroupVersionResource: coreResource("configmaps"), Kind: string(KindConfigMap)}
	orphaned = orphansIn(orphaned, owner, target, Orphan{Kind: KindConfigMap, Resource: configMaps}, h.views[KindConfigMap])
	for _, k := range h.followed.all() {
		if v, resource := k.view(); v != nil {
			orphaned = orphansIn(orphaned, owner, target, Orphan{Kind: k.name, Resource: resource}, v)
		}
	}
	return orphaned
}

func orphansIn(orphaned []Orphan, owner secret.Owner, target Object, of Orphan, v *view) []Orphan {
	p := v.in(owner.Namespace)
	if p == nil {
		return orphaned
	}
	for _, m := range by(p, indexCreatedBy, owner.Namespace+"/"+secret.CreatedBy(owner.Namespace, owner.Name)) {
		if (Object{of.Kind, m.Namespace, m.Name}) != target && owner.Controls(m.Controller) {
			of.Metadata = m
			orphaned = append(orphaned, of)
		}
	}
	return orphaned
}

// NamespaceLabels are the labels of a namespace, as last seen. The caller must not change them.
func (h *Host) NamespaceLabels(name string) (labels.Set, bool) {
	found, ok := lookup(h.namespaces, name)
	if !ok {
		return nil, false
	}
	return found.Labels, true
}

func by(informer cache.SharedIndexInformer, index, key string) []Metadata {
	// The one error there is says that no such index exists.
	objects, err := informer.GetIndexer().ByIndex(index, key)
	if err != nil {
		return nil
	}
	found := make([]Metadata, 0, len(objects))
	for _, object := range objects {
		found = append(found, metadataOf(object.(*metav1.PartialObjectMetadata)))
	}
	return found
}

func lookup(informer cache.SharedIndexInformer, key string) (*metav1.PartialObjectMetadata, bool) {
	object, ok, err := informer.GetStore().GetByKey(key)
	if err != nil || !ok {
		return nil, false
	}
	return object.(*metav1.PartialObjectMetadata), true
}
