// Package privilege knows the types of Secrets that are more than data: the control plane, or Helm, acts on such a Secret
// with rights of its own. Who may write Secrets by way of this server must not gain those rights: Secrets of these types are
// refused at admission, not rendered, not written, and not taken over from whoever wrote them.
package privilege

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// helmRelease begins the types of the Secrets in which Helm keeps its releases; a version follows.
const helmRelease = "helm.sh/release"

// Of says what a Secret of this type does beside holding data, in a clause about it for messages; nothing where the type is
// an ordinary one.
func Of(t corev1.SecretType) string {
	switch {
	case t == corev1.SecretTypeBootstrapToken:
		return "lets its reader join the cluster"
	case t == corev1.SecretTypeServiceAccountToken:
		return "is given a token of a ServiceAccount"
	case IsHelmRelease(t):
		return "is Helm's record of what it installed"
	}
	return ""
}

// Refusal says in a sentence that Secrets of this type are not written; nothing where they are.
func Refusal(t corev1.SecretType) string {
	what := Of(t)
	if what == "" {
		return ""
	}
	return "a Secret of type " + string(t) + " " + what + " and is never written"
}

// IsHelmRelease tells the records of Helm, of which External Secrets Operator may have written some itself.
func IsHelmRelease(t corev1.SecretType) bool {
	return strings.HasPrefix(string(t), helmRelease)
}
