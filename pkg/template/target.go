package template

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tree"
)

// targetKind tells kinds of targets apart as far as rendering does.
type targetKind string

const (
	secretKind    targetKind = "Secret"
	configMapKind targetKind = "ConfigMap"
	// otherKind is any other.
	otherKind targetKind = "object"
)

func kindOf(to *v1.ExternalSecretTarget) targetKind {
	kind, isGeneric := to.GenericKind()
	switch {
	case !isGeneric:
		return secretKind
	case kind == corev1.SchemeGroupVersion.WithKind("ConfigMap"):
		return configMapKind
	}
	return otherKind
}

// hasKeys tells whether data is a map whose keys name files.
func (k targetKind) hasKeys() bool { return k != otherKind }

// fetchedPath is where fetched values are put that no template uses, as in ESO: .data of a ConfigMap, .spec.data of other
// kinds.
func (k targetKind) fetchedPath() tree.Path {
	if k == configMapKind {
		return tree.Path{{Name: "data"}}
	}
	return tree.Path{{Name: "spec"}, {Name: "data"}}
}

// target is the part of an object that a template renders.
type target string

const (
	targetData        target = "data"
	targetLabels      target = "labels"
	targetAnnotations target = "annotations"
	// targetField is a field by its path, of an object that is no Secret.
	targetField target = "field"
)

// reservedFields are the fields at the root of an object that no template renders: what it is, who it is, and what its
// controller says of it.
var reservedFields = []string{"apiversion", "kind", "metadata", "status"}

// targetOf reads templateFrom.target: Data, Labels or Annotations, in any case, Data where it is absent; of an object that
// is no Secret, a path as well. refused makes the error of one that is not allowed.
func targetOf(text *string, kind targetKind) (to target, path tree.Path, refused func(*field.Path) *field.Error) {
	if text == nil || *text == "" {
		return targetData, nil, nil
	}
	switch lower := strings.ToLower(*text); {
	case lower == string(targetData), lower == string(targetLabels), lower == string(targetAnnotations):
		return target(lower), nil, nil
	case kind == secretKind:
		return "", nil, func(at *field.Path) *field.Error {
			return field.NotSupported(at, *text, []string{"Data", "Labels", "Annotations"})
		}
	case lower == "metadata.labels":
		return targetLabels, nil, nil
	case lower == "metadata.annotations":
		return targetAnnotations, nil, nil
	}
	path, err := tree.Parse(*text)
	if err != nil {
		return "", nil, func(at *field.Path) *field.Error { return field.Invalid(at, *text, err.Error()) }
	}
	if slices.Contains(reservedFields, strings.ToLower(path[0].Name)) {
		return "", nil, func(at *field.Path) *field.Error {
			return field.Invalid(at, *text, "apiVersion, kind, status and metadata are not rendered, but for metadata.labels and metadata.annotations")
		}
	}
	// ESO takes spec in any case.
	if len(path) == 1 && strings.EqualFold(path[0].Name, "spec") {
		path[0].Name = "spec"
	}
	return targetField, path, nil
}
