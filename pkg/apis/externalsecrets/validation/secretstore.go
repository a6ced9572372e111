package validation

import (
	"time"

	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// StoreSpec checks the spec of a store but for its provider, which the provider itself checks.
func StoreSpec(spec *v1.SecretStoreSpec) field.ErrorList {
	path := field.NewPath("spec")
	errs := validateStoreInterval(spec.RefreshInterval, path.Child("refreshInterval"))
	if retry := spec.RetrySettings; retry != nil {
		at := path.Child("retrySettings")
		errs = append(errs, validateDuration(retry.RetryInterval, at.Child("retryInterval"))...)
		if retry.MaxRetries != nil && *retry.MaxRetries < 0 {
			errs = append(errs, field.Invalid(at.Child("maxRetries"), *retry.MaxRetries, "must not be negative"))
		}
	}
	errs = append(errs, tooLong(spec.Controller, maxNameLength, path.Child("controller"))...)
	regexps := newExpressions()
	return append(errs, each(spec.Conditions, maxConditions, path.Child("conditions"), func(condition *v1.ClusterSecretStoreCondition, at *field.Path) field.ErrorList {
		return validateCondition(condition, regexps, at)
	})...)
}

func validateStoreInterval(interval *intstr.IntOrString, path *field.Path) field.ErrorList {
	if interval == nil {
		return nil
	}
	if interval.Type == intstr.Int {
		if interval.IntVal < 0 {
			return field.ErrorList{field.Invalid(path, interval.IntVal, "must not be negative")}
		}
		return nil
	}
	if d, err := time.ParseDuration(interval.StrVal); err != nil || d < 0 {
		return field.ErrorList{field.Invalid(path, interval.StrVal, `must be a number of seconds, or a duration such as "5m"`)}
	}
	return nil
}

func validateCondition(condition *v1.ClusterSecretStoreCondition, regexps *expressions, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if condition.NamespaceSelector != nil {
		errs = append(errs, metav1validation.ValidateLabelSelector(condition.NamespaceSelector,
			metav1validation.LabelSelectorValidationOptions{}, path.Child("namespaceSelector"))...)
	}
	errs = append(errs, each(condition.Namespaces, maxNamespaces, path.Child("namespaces"),
		func(namespace *string, at *field.Path) field.ErrorList { return validateNamespace(*namespace, at) })...)
	return append(errs, each(condition.NamespaceRegexes, maxRegexes, path.Child("namespaceRegexes"),
		func(expression *string, at *field.Path) field.ErrorList { return regexps.validate(*expression, at) })...)
}
