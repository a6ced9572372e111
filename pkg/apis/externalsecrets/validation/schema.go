// Package validation checks objects against the schema that External Secrets Operator's CRDs have, and against the rules
// of its admission webhook. Every error names its field and what is allowed.
package validation

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var keyPattern = regexp.MustCompile(`^[-._a-zA-Z0-9]+$`)

const maxNameLength = 253

// ObjectName checks the name of an object of these kinds. Kubernetes itself asks only that there be one, and that it fit
// into a path.
func ObjectName(name string) field.ErrorList {
	if name == "" {
		return nil
	}
	return validateName(name, field.NewPath("metadata", "name"))
}

// validateName checks the name of an object: a DNS-1123 subdomain.
func validateName(name string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, msg := range validation.IsDNS1123Subdomain(name) {
		errs = append(errs, field.Invalid(path, name, msg))
	}
	return errs
}

// validateQualified checks the name of a label, annotation or finalizer.
func validateQualified(name string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, msg := range validation.IsQualifiedName(name) {
		errs = append(errs, field.Invalid(path, name, msg))
	}
	return errs
}

// validateNamespace checks the name of a namespace: a DNS-1123 label.
func validateNamespace(name string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, msg := range validation.IsDNS1123Label(name) {
		errs = append(errs, field.Invalid(path, name, msg))
	}
	return errs
}

// validateKey checks a key of a Secret or ConfigMap.
func validateKey(key string, path *field.Path) field.ErrorList {
	switch {
	case key == "":
		return field.ErrorList{field.Required(path, "must be a key of a Secret: letters, digits, '-', '_' and '.'")}
	case len(key) > maxNameLength:
		return field.ErrorList{field.TooLong(path, "", maxNameLength)}
	case !keyPattern.MatchString(key):
		return field.ErrorList{field.Invalid(path, key, "must consist of letters, digits, '-', '_' and '.'")}
	}
	return nil
}

// validateEnum checks an optional value against what is allowed.
func validateEnum[T ~string](value *T, path *field.Path, allowed ...T) field.ErrorList {
	if value == nil || slices.Contains(allowed, *value) {
		return nil
	}
	slices.Sort(allowed)
	return field.ErrorList{field.NotSupported(path, *value, allowed)}
}

// exactlyOne checks that of several named parts one is set.
func exactlyOne(path *field.Path, parts map[string]bool) field.ErrorList {
	var set, all []string
	for name, present := range parts {
		all = append(all, name)
		if present {
			set = append(set, name)
		}
	}
	slices.Sort(all)
	slices.Sort(set)
	switch len(set) {
	case 1:
		return nil
	case 0:
		return field.ErrorList{field.Required(path, fmt.Sprintf("must have exactly one of %s", strings.Join(all, ", ")))}
	default:
		return field.ErrorList{field.Forbidden(path,
			fmt.Sprintf("must have exactly one of %s, and has %s", strings.Join(all, ", "), strings.Join(set, " and ")))}
	}
}
