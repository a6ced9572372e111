package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GenericKind is the kind that manifest names; false where the target is a Secret, whether manifest says so or is absent.
func (t *ExternalSecretTarget) GenericKind() (schema.GroupVersionKind, bool) {
	if t == nil || t.Manifest == nil {
		return schema.GroupVersionKind{}, false
	}
	kind := schema.FromAPIVersionAndKind(t.Manifest.APIVersion, t.Manifest.Kind)
	return kind, kind != corev1.SchemeGroupVersion.WithKind("Secret")
}
