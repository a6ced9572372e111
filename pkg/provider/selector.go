package provider

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// ValidateSecretKeySelector checks a reference of a store to a key of a Secret or ConfigMap. cluster and namespace are those of
// Provider.Validate.
func ValidateSecretKeySelector(s v1.SecretKeySelector, path *field.Path, cluster bool, namespace string) field.ErrorList {
	errs := validateText(deref(s.Name), path.Child("name"), "the name of the object", validation.IsDNS1123Subdomain)
	errs = append(errs, validateText(deref(s.Key), path.Child("key"), "the key within the object", validation.IsConfigMapKey)...)
	return append(errs, ValidateNamespace(s.Namespace, path.Child("namespace"), cluster, namespace)...)
}

// ValidateNamespace checks the namespace of a reference: a ClusterSecretStore has none of its own and must say which, a
// SecretStore must not reach into another than its own.
func ValidateNamespace(given *string, path *field.Path, cluster bool, namespace string) field.ErrorList {
	of := deref(given)
	if cluster {
		return validateText(of, path, "a ClusterSecretStore must say in which namespace", validation.IsDNS1123Label)
	}
	if of != "" && of != namespace {
		return field.ErrorList{field.Invalid(path, of, fmt.Sprintf("a SecretStore may only refer to its own namespace, %q", namespace))}
	}
	return nil
}

// SecretReference is the Reference of a selector. at is the path of the selector below spec.
func SecretReference(purpose, at string, s v1.SecretKeySelector) Reference {
	return Reference{Purpose: purpose, Namespace: deref(s.Namespace), Name: deref(s.Name), Key: deref(s.Key), Field: at}
}

func validateText(text string, path *field.Path, what string, check func(string) []string) field.ErrorList {
	if text == "" {
		return field.ErrorList{field.Required(path, what)}
	}
	var errs field.ErrorList
	for _, message := range check(text) {
		errs = append(errs, field.Invalid(path, text, message))
	}
	return errs
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
