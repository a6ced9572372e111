package host

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

// Kind is a kind of object of the host that this server reads.
type Kind string

const (
	// KindSecret is core/v1 Secret.
	KindSecret Kind = "Secret"
	// KindConfigMap is core/v1 ConfigMap.
	KindConfigMap Kind = "ConfigMap"
	// KindServiceAccount is core/v1 ServiceAccount.
	KindServiceAccount Kind = "ServiceAccount"
)

// Object names an object of the host. It is comparable.
type Object struct {
	Kind            Kind
	Namespace, Name string
}

// String is "Secret team/db".
func (o Object) String() string {
	return string(o.Kind) + " " + o.Namespace + "/" + o.Name
}

// Metadata is what is held of an object.
type Metadata struct {
	Namespace, Name string
	UID             types.UID
	ResourceVersion string
	// Managed tells whether a Secret carries the label of those that ExternalSecrets write.
	Managed bool
	// CreatedBy and DataHash are the marks of package secret; empty where there are none.
	CreatedBy, DataHash string
	// Controller is the controlling owner, nil for none.
	Controller *metav1.OwnerReference
	// Terminating is set while the object is being deleted.
	Terminating bool
}

func metadataOf(p *metav1.PartialObjectMetadata) Metadata {
	return Metadata{
		Namespace:       p.Namespace,
		Name:            p.Name,
		UID:             p.UID,
		ResourceVersion: p.ResourceVersion,
		Managed:         p.Labels[secret.LabelManaged] == secret.LabelManagedValue,
		CreatedBy:       p.Labels[secret.LabelCreatedBy],
		DataHash:        p.Annotations[secret.AnnotationDataHash],
		Controller:      metav1.GetControllerOf(p),
		Terminating:     p.DeletionTimestamp != nil,
	}
}

// trimObject keeps of a Secret, ConfigMap or ServiceAccount what Metadata shows.
func trimObject(p *metav1.PartialObjectMetadata) {
	kept := trimmedMeta(p)
	kept.Labels = only(p.Labels, secret.LabelManaged, secret.LabelCreatedBy)
	kept.Annotations = only(p.Annotations, secret.AnnotationDataHash)
	if controller := metav1.GetControllerOf(p); controller != nil {
		kept.OwnerReferences = []metav1.OwnerReference{*controller}
	}
	p.ObjectMeta = kept
}

// trimNamespace keeps of a namespace its labels.
func trimNamespace(p *metav1.PartialObjectMetadata) {
	kept := trimmedMeta(p)
	kept.Labels = p.Labels
	p.ObjectMeta = kept
}

func trimmedMeta(p *metav1.PartialObjectMetadata) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace:         p.Namespace,
		Name:              p.Name,
		UID:               p.UID,
		ResourceVersion:   p.ResourceVersion,
		DeletionTimestamp: p.DeletionTimestamp,
	}
}

// only is the entries of m under the keys; nil where there are none.
func only(m map[string]string, keys ...string) map[string]string {
	var kept map[string]string
	for _, key := range keys {
		if v, ok := m[key]; ok {
			if kept == nil {
				kept = make(map[string]string, len(keys))
			}
			kept[key] = v
		}
	}
	return kept
}
