package host

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

// Kind is a kind of object of the host that this server reads or writes.
type Kind string

const (
	// KindSecret is core/v1 Secret.
	KindSecret Kind = "Secret"
	// KindConfigMap is core/v1 ConfigMap.
	KindConfigMap Kind = "ConfigMap"
	// KindServiceAccount is core/v1 ServiceAccount.
	KindServiceAccount Kind = "ServiceAccount"
)

// KindOf is the Kind of any kind that ExternalSecrets are written to, such as "AppConfig.v1.config.example.com".
func KindOf(kind schema.GroupVersionKind) Kind {
	if kind.Group == "" && kind.Version == "v1" && (kind.Kind == string(KindSecret) || kind.Kind == string(KindConfigMap)) {
		return Kind(kind.Kind)
	}
	return Kind(kind.Kind + "." + kind.Version + "." + kind.Group)
}

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
	// Revision tells two states of an object apart by all but its status; empty where its kind does not count generations.
	// It is known of objects of other kinds than Secret and ConfigMap alone.
	Revision string
	// Managed tells whether an object carries the label of those that ExternalSecrets write.
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
		Revision:        p.Annotations[annotationRevision],
		Namespace:       p.Namespace,
		Name:            p.Name,
		UID:             p.UID,
		ResourceVersion: p.ResourceVersion,
		Managed:         p.Annotations[secret.LabelManaged] == secret.LabelManagedValue,
		CreatedBy:       p.Annotations[secret.LabelCreatedBy],
		DataHash:        p.Annotations[secret.AnnotationDataHash],
		Controller:      metav1.GetControllerOf(p),
		Terminating:     p.DeletionTimestamp != nil,
	}
}

// trimObject keeps of a Secret, ConfigMap or ServiceAccount what Metadata shows. Labels that count become annotations: two
// small maps take up twice as much as one, for every Secret of the cluster.
func trimObject(p *metav1.PartialObjectMetadata) {
	kept := trimmedMeta(p)
	kept.Annotations = addOnly(nil, p.Labels, secret.LabelManaged, secret.LabelCreatedBy)
	kept.Annotations = addOnly(kept.Annotations, p.Annotations, secret.AnnotationDataHash)
	for _, owner := range p.OwnerReferences {
		if ptr.Deref(owner.Controller, false) || secret.IsExternalSecret(&owner) {
			kept.OwnerReferences = append(kept.OwnerReferences, owner)
		}
	}
	p.ObjectMeta = kept
}

// annotationRevision is where trimTarget puts the Revision, in memory alone.
const annotationRevision = "revision"

// trimTarget is trimObject for targets of any kind.
func trimTarget(p *metav1.PartialObjectMetadata) {
	revision := Revision(p)
	trimObject(p)
	if revision != "" {
		metav1.SetMetaDataAnnotation(&p.ObjectMeta, annotationRevision, revision)
	}
}

// Revision is Metadata's for an object as the host answers it. A controller that reports in the status of an object all the
// time changes nothing that an ExternalSecret writes.
func Revision(object metav1.Object) string {
	if object.GetGeneration() == 0 {
		return ""
	}
	owners, finalizers := object.GetOwnerReferences(), object.GetFinalizers()
	rest, err := json.Marshal([]any{object.GetLabels(), object.GetAnnotations(), owners, finalizers, object.GetDeletionTimestamp()})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(rest)
	return strconv.FormatInt(object.GetGeneration(), 10) + "-" + hex.EncodeToString(sum[:])
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

// addOnly adds the entries of m under the keys to kept, which is nil while there are none.
func addOnly(kept, m map[string]string, keys ...string) map[string]string {
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
