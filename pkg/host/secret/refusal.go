package secret

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/privilege"
)

// Refusal is why a target is not written. Asking again helps only after the target or the ExternalSecret has changed.
type Refusal struct {
	Cause Cause
	// Message names objects and types, and holds nothing of the data.
	Message string
}

// Error is the message.
func (r *Refusal) Error() string { return r.Message }

// Cause classifies a Refusal.
type Cause string

const (
	// OwnedByAnother means that another ExternalSecret is the controller of the Secret.
	OwnedByAnother Cause = "OwnedByAnother"
	// ControlledElsewhere means that something other than an ExternalSecret is the controller of the Secret.
	ControlledElsewhere Cause = "ControlledElsewhere"
	// Immutable means that the Secret is immutable and holds other data.
	Immutable Cause = "Immutable"
	// GuardedType means that a Secret of this type is never written, or never taken over.
	GuardedType Cause = "GuardedType"
	// OtherType means that the Secret exists with another type: the API lets no type change.
	OtherType Cause = "OtherType"
	// Unauthorized means that nobody manages the Secret, and that the ExternalSecret's author may not update it.
	Unauthorized Cause = "Unauthorized"
	// Terminating means that the target is being deleted.
	Terminating Cause = "Terminating"
	// OtherShape means that an object has no place for what is to be written.
	OtherShape Cause = "OtherShape"
	// UnfitKind means that objects of the kind are not written: the host does not serve it, or not as it would have to.
	UnfitKind Cause = "UnfitKind"
)

// refuseType refuses to write the types that are more than data.
func refuseType(t corev1.SecretType) error {
	if why := privilege.Refusal(t); why != "" {
		return &Refusal{GuardedType, why}
	}
	return nil
}

// isGuarded tells whether a Secret that stands is left alone for its type. A record of Helm that the owner itself made is
// no record of Helm.
func isGuarded(owner Owner, existing *corev1.Secret) bool {
	if privilege.IsHelmRelease(existing.Type) {
		return !owner.made(existing)
	}
	return privilege.Of(existing.Type) != ""
}

// RefuseTakeover says that a Secret is not the owner's to write where no ExternalSecret manages it and the owner did not
// make it; nil for any other.
func RefuseTakeover(owner Owner, existing *corev1.Secret) error {
	if existing.Labels[LabelManaged] == LabelManagedValue || owner.made(existing) {
		return nil
	}
	return &Refusal{Unauthorized, fmt.Sprintf("Secret %s/%s exists, no ExternalSecret manages it, and whoever last changed the spec "+
		"may not update it: have the spec changed, or a refresh asked for, by somebody who may update the Secret",
		existing.Namespace, existing.Name)}
}

// RefuseStanding says why a target of any kind that stands may not be written for the owner, nil if it may.
func RefuseStanding(owner Owner, policy v1.CreationPolicy, kind string, existing metav1.Object) error {
	target := fmt.Sprintf("%s %s/%s", kind, existing.GetNamespace(), existing.GetName())
	if existing.GetDeletionTimestamp() != nil {
		return &Refusal{Terminating, target + " is being deleted"}
	}
	controller := metav1.GetControllerOf(existing)
	switch {
	case controller == nil || owner.is(controller):
		return nil
	case IsExternalSecret(controller):
		return &Refusal{OwnedByAnother, fmt.Sprintf("%s is owned by ExternalSecret %s", target, controller.Name)}
	case policy == v1.CreationOwner:
		return &Refusal{ControlledElsewhere, fmt.Sprintf("%s is controlled by %s %s", target, controller.Kind, controller.Name)}
	}
	return nil
}

// refuse says why an existing Secret may not be written for the owner, nil if it may.
func refuse(owner Owner, policy v1.CreationPolicy, desired Desired, existing *corev1.Secret) error {
	if err := RefuseStanding(owner, policy, "Secret", existing); err != nil {
		return err
	}
	target := fmt.Sprintf("Secret %s/%s", existing.Namespace, existing.Name)
	if isGuarded(owner, existing) {
		return &Refusal{GuardedType, fmt.Sprintf("%s is of type %s, which is never taken over: it %s",
			target, existing.Type, privilege.Of(existing.Type))}
	}
	if desired.Type != "" && desired.Type != existing.Type {
		return &Refusal{OtherType, fmt.Sprintf("%s is of type %s, and the type of a Secret cannot change to %s", target, existing.Type, desired.Type)}
	}
	return nil
}
