package template

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// RefusedType says why a Secret of this type and these annotations may not be written, in a sentence for messages; nothing
// where it may. The control plane acts on such Secrets with rights of its own: it puts a token of any ServiceAccount into
// one, and lets whoever knows a bootstrap token join the cluster.
func RefusedType(t corev1.SecretType, annotations map[string]string) string {
	switch t {
	case corev1.SecretTypeBootstrapToken:
		return "Secrets of type " + string(t) + " let their reader join the cluster and are not written"
	case corev1.SecretTypeServiceAccountToken:
		if _, ok := annotations[corev1.ServiceAccountNameKey]; ok {
			return "Secrets of type " + string(t) + " with the annotation " + corev1.ServiceAccountNameKey +
				" are given a token of that ServiceAccount and are not written"
		}
	}
	if isHelmRelease(t) {
		return "Secrets of type " + string(t) + " are Helm's record of what it installed and are not written"
	}
	return ""
}

// Privileged tells the types of Secrets that are never taken over from whoever wrote them: service account tokens,
// bootstrap tokens, Helm's releases.
func Privileged(t corev1.SecretType) bool {
	return t == corev1.SecretTypeServiceAccountToken || t == corev1.SecretTypeBootstrapToken || isHelmRelease(t)
}

func isHelmRelease(t corev1.SecretType) bool {
	return strings.HasPrefix(string(t), "helm.sh/release")
}
