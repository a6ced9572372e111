package secret

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// Stamp is the metadata of a written target: the same for Secrets and for objects of other kinds.
type Stamp struct {
	Labels, Annotations map[string]string
	Finalizers          []string
	// Hash is the value of AnnotationDataHash.
	Hash string
}

// Put makes the metadata of an object what the ExternalSecret wants it to be. What the ExternalSecret wrote before and no
// longer wants goes; what others wrote stays.
func (stamp Stamp) Put(owner Owner, policy v1.CreationPolicy, object metav1.Object) {
	own := fieldsOf(object, FieldManager(owner.Name))
	labels := layOver(object.GetLabels(), own.labels, stamp.Labels)
	labels[LabelManaged] = LabelManagedValue
	object.SetLabels(labels)
	annotations := layOver(object.GetAnnotations(), own.annotations, stamp.Annotations)
	annotations[AnnotationDataHash] = stamp.Hash
	object.SetAnnotations(annotations)
	finalizers := slices.Clone(object.GetFinalizers())
	for _, finalizer := range stamp.Finalizers {
		if !slices.Contains(finalizers, finalizer) {
			finalizers = append(finalizers, finalizer)
			object.SetFinalizers(finalizers)
		}
	}
	if policy == v1.CreationOwner {
		owner.own(object)
	} else {
		owner.release(object)
	}
}

// layOver lays what is desired over what stands without what was written before. The marks are not the template's to set:
// one that names another ExternalSecret would have that one delete the Secret.
func layOver(standing map[string]string, before []string, desired map[string]string) map[string]string {
	next := make(map[string]string, len(standing)+len(desired)+2)
	for key, v := range standing {
		if !slices.Contains(before, key) {
			next[key] = v
		}
	}
	for key, v := range desired {
		if key != LabelManaged && key != LabelCreatedBy && key != AnnotationDataHash {
			next[key] = v
		}
	}
	return next
}
