package secret

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
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
	// Terminating means that the Secret is being deleted.
	Terminating Cause = "Terminating"
)

// secretTypeHelmRelease is the type of the Secrets in which Helm keeps its releases.
const secretTypeHelmRelease corev1.SecretType = "helm.sh/release.v1"

// refuseType refuses types whose very existence means rights: the control plane mints tokens for the one and lets nodes in
// by the other.
func refuseType(t corev1.SecretType) error {
	if t != corev1.SecretTypeServiceAccountToken && t != corev1.SecretTypeBootstrapToken {
		return nil
	}
	return &Refusal{GuardedType, fmt.Sprintf("Secrets of type %s are never written", t)}
}

// refuse says why an existing Secret may not be written for the owner, nil if it may.
func refuse(owner Owner, policy v1.CreationPolicy, desired Desired, existing *corev1.Secret) error {
	target := fmt.Sprintf("Secret %s/%s", existing.Namespace, existing.Name)
	if existing.DeletionTimestamp != nil {
		return &Refusal{Terminating, target + " is being deleted"}
	}
	if controller := metav1.GetControllerOf(existing); controller != nil && !owner.is(controller) {
		if isExternalSecret(controller) {
			return &Refusal{OwnedByAnother, fmt.Sprintf("%s is owned by ExternalSecret %s", target, controller.Name)}
		}
		if policy == v1.CreationOwner {
			return &Refusal{ControlledElsewhere, fmt.Sprintf("%s is controlled by %s %s", target, controller.Kind, controller.Name)}
		}
	}
	if refuseType(existing.Type) != nil || existing.Type == secretTypeHelmRelease && !owner.made(existing) {
		return &Refusal{GuardedType, fmt.Sprintf("%s is of type %s, which is never taken over", target, existing.Type)}
	}
	if desired.Type != "" && desired.Type != existing.Type {
		return &Refusal{OtherType, fmt.Sprintf("%s is of type %s, and the type of a Secret cannot change to %s", target, existing.Type, desired.Type)}
	}
	return nil
}
