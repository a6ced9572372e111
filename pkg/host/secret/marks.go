package secret

import (
	"crypto/sha3"
	"encoding/hex"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// The marks on a written Secret.
const (
	// LabelManaged says that an ExternalSecret writes the Secret.
	LabelManaged = "reconcile.external-secrets.io/managed"
	// LabelManagedValue is its one value.
	LabelManagedValue = "true"
	// LabelCreatedBy names, as CreatedBy, the ExternalSecret that owns the Secret.
	LabelCreatedBy = "reconcile.external-secrets.io/created-by"
	// AnnotationDataHash is the DataHash of the Secret as it was written.
	AnnotationDataHash = "reconcile.external-secrets.io/data-hash"
)

const (
	managerPrefix = "externalsecrets.external-secrets.io/"
	// managerLimit is the length from which on a field manager holds the hash of a name in place of the name.
	managerLimit = 63
)

// CreatedBy is the value of LabelCreatedBy for an ExternalSecret.
func CreatedBy(namespace, name string) string {
	return hash(namespace + "/" + name)
}

// DataHash is the value of AnnotationDataHash for the data of a Secret.
func DataHash(data map[string][]byte) string {
	return hash(data)
}

// ContentHash is the value of AnnotationDataHash for the content of an object that is no Secret.
func ContentHash(content any) string {
	return hash(content)
}

// HashOf is the DataHash that a Secret of these values has.
func HashOf(values map[string]value.Value) string {
	data := make(map[string][]byte, len(values))
	for key, v := range values {
		data[key] = v.Bytes()
	}
	return DataHash(data)
}

// FieldManager is the manager of the fields that an ExternalSecret of this name writes.
func FieldManager(name string) string {
	if manager := managerPrefix + name; len(manager) <= managerLimit {
		return manager
	}
	return managerPrefix + "sha3/" + hash(name)
}

// SyncedResourceVersion stands for an ExternalSecret's spec, labels and annotations: status.syncedResourceVersion.
func SyncedResourceVersion(meta *metav1.ObjectMeta) string {
	return fmt.Sprintf("%d-%s", meta.Generation, hash(struct {
		annotations map[string]string
		labels      map[string]string
	}{meta.Annotations, meta.Labels}))
}

// Intact tells whether a Secret carries the marks of a write and holds the data that was written.
func Intact(s *corev1.Secret) bool {
	return s.Labels[LabelManaged] == LabelManagedValue && s.Annotations[AnnotationDataHash] == DataHash(s.Data)
}

// hash is ESO's: SHA3-224 over the text that fmt makes of the object with %+v. fmt prints maps in the order of their keys.
func hash(object any) string {
	sum := sha3.Sum224(fmt.Appendf(nil, "%+v", object))
	return hex.EncodeToString(sum[:])
}
