package v1

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
)

// Fields of an ExternalSecret that a field selector may select on, beside metadata.name and metadata.namespace.
const (
	FieldStoreName       = "spec.secretStoreRef.name"
	FieldStoreKind       = "spec.secretStoreRef.kind"
	FieldTargetName      = "spec.target.name"
	FieldRefreshInterval = "spec.refreshInterval"
)

// addFieldLabels lets a request's field selector name the fields above.
func addFieldLabels(scheme *runtime.Scheme) error {
	return scheme.AddFieldLabelConversionFunc(SchemeGroupVersion.WithKind(ExternalSecretKind),
		func(label, value string) (string, string, error) {
			switch label {
			case "metadata.name", "metadata.namespace", FieldStoreName, FieldStoreKind, FieldTargetName, FieldRefreshInterval:
				return label, value, nil
			default:
				return "", "", fmt.Errorf("field label not supported: %s", label)
			}
		})
}
