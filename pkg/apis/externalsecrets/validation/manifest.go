package validation

import (
	"regexp"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// FlagGenericTargets is the flag, named as in External Secrets Operator, that allows targets other than Secrets.
const FlagGenericTargets = "unsafe-allow-generic-targets"

var kindPattern = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,62}$`)

// validateManifest checks what can be known of a kind without asking the host: whether it serves the kind, and in
// namespaces, is said by the Ready condition.
func validateManifest(target *v1.ExternalSecretTarget, rules Rules, path *field.Path) field.ErrorList {
	if target.Manifest == nil {
		return nil
	}
	manifest := path.Child("manifest")
	if errs := validateManifestReference(target.Manifest, manifest); len(errs) > 0 {
		return errs
	}
	kind, isGeneric := target.GenericKind()
	if !isGeneric {
		return nil
	}
	if !rules.GenericTargets {
		return field.ErrorList{field.Forbidden(manifest,
			"this server writes Secrets only: it runs without --"+FlagGenericTargets+", since other kinds are not kept as Secrets are")}
	}
	var errs field.ErrorList
	if kind.Group == v1.GroupName {
		errs = append(errs, field.Forbidden(manifest.Child("apiVersion"), "objects of "+v1.GroupName+" are not written for ExternalSecrets"))
	}
	if target.Immutable != nil && *target.Immutable {
		errs = append(errs, field.Forbidden(path.Child("immutable"), "it is for Secrets"))
	}
	if target.Template != nil && target.Template.Type != nil && *target.Template.Type != "" {
		errs = append(errs, field.Forbidden(path.Child("template", "type"), "it is for Secrets"))
	}
	return errs
}

func validateManifestReference(manifest *v1.ManifestReference, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	version, err := schema.ParseGroupVersion(manifest.APIVersion)
	switch {
	case manifest.APIVersion == "":
		errs = append(errs, field.Required(path.Child("apiVersion"), `must be a version such as "v1" or "apps/v1"`))
	case err != nil, len(validation.IsDNS1035Label(version.Version)) > 0,
		version.Group != "" && len(validation.IsDNS1123Subdomain(version.Group)) > 0:
		errs = append(errs, field.Invalid(path.Child("apiVersion"), manifest.APIVersion, `must be a version such as "v1" or "apps/v1"`))
	}
	switch {
	case manifest.Kind == "":
		errs = append(errs, field.Required(path.Child("kind"), `must be a kind such as "ConfigMap"`))
	case !kindPattern.MatchString(manifest.Kind):
		errs = append(errs, field.Invalid(path.Child("kind"), manifest.Kind,
			`must be a kind such as "ConfigMap": a capital letter, then at most 62 letters and digits`))
	}
	return errs
}
