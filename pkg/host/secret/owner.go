package secret

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

const ownerKind = "ExternalSecret"

// Owner is the ExternalSecret that a Secret is written for.
type Owner struct {
	Namespace, Name string
	UID             types.UID
}

// OwnerOf is the Owner that an ExternalSecret is.
func OwnerOf(es *v1.ExternalSecret) Owner {
	return Owner{Namespace: es.Namespace, Name: es.Name, UID: es.UID}
}

// Controls tells whether the ExternalSecret is the controller of an object of its namespace.
func (o Owner) Controls(controller *metav1.OwnerReference) bool {
	return controller != nil && o.is(controller)
}

// is tells whether a reference names the ExternalSecret. The version of the API and the UID do not count: a Secret that was
// written before the ExternalSecret was created anew, or by ESO, is the same ExternalSecret's.
func (o Owner) is(ref *metav1.OwnerReference) bool {
	return IsExternalSecret(ref) && ref.Name == o.Name
}

// made tells whether the Secret exists because of the ExternalSecret.
func (o Owner) made(s *corev1.Secret) bool {
	return o.Controls(metav1.GetControllerOf(s)) || fieldsOf(s, FieldManager(o.Name)).typed
}

// IsExternalSecret tells whether a reference is to an ExternalSecret, of whatever version.
func IsExternalSecret(ref *metav1.OwnerReference) bool {
	group := schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind).Group
	return group == v1.GroupName && ref.Kind == ownerKind
}

// own makes the ExternalSecret the controller of an object.
func (o Owner) own(object metav1.Object) {
	reference := metav1.OwnerReference{
		APIVersion:         v1.SchemeGroupVersion.String(),
		Kind:               ownerKind,
		Name:               o.Name,
		UID:                o.UID,
		Controller:         ptr.To(true),
		BlockOwnerDeletion: ptr.To(true),
	}
	labels := maps.Clone(object.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	labels[LabelCreatedBy] = CreatedBy(o.Namespace, o.Name)
	object.SetLabels(labels)
	owners := slices.Clone(object.GetOwnerReferences())
	if i := slices.IndexFunc(owners, func(r metav1.OwnerReference) bool { return o.is(&r) }); i >= 0 {
		owners[i] = reference
	} else {
		owners = append(owners, reference)
	}
	object.SetOwnerReferences(owners)
}

// release makes an object outlive the ExternalSecret.
func (o Owner) release(object metav1.Object) {
	before := object.GetOwnerReferences()
	kept := slices.DeleteFunc(slices.Clone(before), func(r metav1.OwnerReference) bool {
		return ptr.Deref(r.Controller, false) && o.is(&r)
	})
	if len(kept) < len(before) {
		object.SetOwnerReferences(kept)
	}
	if labels := maps.Clone(object.GetLabels()); labels[LabelCreatedBy] == CreatedBy(o.Namespace, o.Name) {
		delete(labels, LabelCreatedBy)
		object.SetLabels(labels)
	}
}

// Reclaim plans what becomes, before anything else, of a Secret whose controller is an ExternalSecret of the owner's name and
// another UID: one that was deleted and created anew, or that ESO stored elsewhere. The host's garbage collector deletes what
// belongs to a UID that it does not find, hence the reference is put right without waiting for values. The data stay.
func Reclaim(owner Owner, policy v1.CreationPolicy, existing *corev1.Secret) Plan {
	controller := metav1.GetControllerOf(existing)
	if !owner.Controls(controller) || controller.UID == owner.UID || existing.DeletionTimestamp != nil || policy == v1.CreationNone {
		return plan(Keep, existing)
	}
	next := existing.DeepCopy()
	if policy == v1.CreationOwner {
		owner.own(next)
	} else {
		owner.release(next)
	}
	return plan(Update, next)
}
