package host

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/cache"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

const (
	indexCreatedBy = "createdBy"
	indexManaged   = "managed"
)

// secretIndexers find Secrets by their marks. A created-by label counts in its namespace alone, wherever it was copied to.
func secretIndexers() cache.Indexers {
	return cache.Indexers{
		indexCreatedBy: func(object any) ([]string, error) {
			p := object.(*metav1.PartialObjectMetadata)
			if createdBy, ok := p.Labels[secret.LabelCreatedBy]; ok {
				return []string{p.Namespace + "/" + createdBy}, nil
			}
			return nil, nil
		},
		indexManaged: func(object any) ([]string, error) {
			if object.(*metav1.PartialObjectMetadata).Labels[secret.LabelManaged] == secret.LabelManagedValue {
				return []string{indexManaged}, nil
			}
			return nil, nil
		},
	}
}

// Version is the resourceVersion at which an object was last seen, empty where there is none. known is false until the
// objects of its kind have been seen once: then nothing can be said.
func (h *Host) Version(o Object) (resourceVersion string, known bool) {
	informer := h.informer(o.Kind)
	if informer == nil || !informer.HasSynced() {
		return "", false
	}
	found, ok := lookup(informer, o.Namespace+"/"+o.Name)
	if !ok {
		return "", true
	}
	return found.ResourceVersion, true
}

// Secret is the metadata of a Secret, as last seen.
func (h *Host) Secret(namespace, name string) (Metadata, bool) {
	found, ok := lookup(h.secrets, namespace+"/"+name)
	if !ok {
		return Metadata{}, false
	}
	return metadataOf(found), true
}

// ManagedSecrets lists the Secrets that carry the mark of those that ExternalSecrets write, in no order.
func (h *Host) ManagedSecrets() []Metadata {
	return h.secretsBy(indexManaged, indexManaged)
}

// OrphanedSecrets lists the Secrets that an ExternalSecret owns besides its target: those of a target that was renamed.
// Both marks of an owner are needed, the label and the reference: either can be set, or taken off to keep a Secret, by hand.
func (h *Host) OrphanedSecrets(owner secret.Owner, target string) []Metadata {
	var orphaned []Metadata
	for _, m := range h.secretsBy(indexCreatedBy, owner.Namespace+"/"+secret.CreatedBy(owner.Namespace, owner.Name)) {
		if m.Name != target && owner.Controls(m.Controller) {
			orphaned = append(orphaned, m)
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

func (h *Host) informer(kind Kind) cache.SharedIndexInformer {
	switch kind {
	case KindSecret:
		return h.secrets
	case KindConfigMap:
		return h.configMaps
	case KindServiceAccount:
		return h.serviceAccounts
	}
	return nil
}

func (h *Host) secretsBy(index, key string) []Metadata {
	// The one error there is says that no such index exists.
	objects, err := h.secrets.GetIndexer().ByIndex(index, key)
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
