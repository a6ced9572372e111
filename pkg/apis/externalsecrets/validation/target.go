package validation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

func validateTarget(target *v1.ExternalSecretTarget, rules Rules, path *field.Path) field.ErrorList {
	if target == nil {
		return nil
	}
	var errs field.ErrorList
	if target.Name != nil {
		errs = append(errs, validateName(*target.Name, path.Child("name"))...)
	}
	errs = append(errs, validateEnum(target.CreationPolicy, path.Child("creationPolicy"),
		v1.CreationOwner, v1.CreationOrphan, v1.CreationMerge, v1.CreationNone, v1.CreationCreateOrMerge)...)
	errs = append(errs, validateEnum(target.DeletionPolicy, path.Child("deletionPolicy"),
		v1.DeletionDelete, v1.DeletionMerge, v1.DeletionRetain)...)
	errs = append(errs, validatePolicies(target, path)...)
	errs = append(errs, validateManifest(target, rules, path)...)
	if target.Template != nil {
		errs = append(errs, validateTemplate(target.Template, path.Child("template"))...)
	}
	return errs
}

// validatePolicies refuses deletion policies that no Secret of the creation policy could follow.
func validatePolicies(target *v1.ExternalSecretTarget, path *field.Path) field.ErrorList {
	if target.CreationPolicy == nil || target.DeletionPolicy == nil {
		return nil
	}
	creation, deletion := *target.CreationPolicy, *target.DeletionPolicy
	switch {
	case deletion == v1.DeletionDelete && (creation == v1.CreationMerge || creation == v1.CreationNone || creation == v1.CreationCreateOrMerge),
		deletion == v1.DeletionMerge && creation == v1.CreationNone:
		return field.ErrorList{field.Forbidden(path.Child("deletionPolicy"),
			fmt.Sprintf("%s must not be used with creationPolicy %s", deletion, creation))}
	}
	return nil
}

// validateTemplate checks what surrounds the templates; pkg/template checks them themselves, and the engine's version.
func validateTemplate(template *v1.ExternalSecretTemplate, path *field.Path) field.ErrorList {
	errs := validateEnum(template.MergePolicy, path.Child("mergePolicy"), v1.TemplateReplace, v1.TemplateMerge)
	if template.Metadata != nil {
		errs = append(errs, validateMetadata(template.Metadata, path.Child("metadata"))...)
	}
	return append(errs, each(template.TemplateFrom, maxTemplateFrom, path.Child("templateFrom"), validateTemplateFrom)...)
}

// validateMetadata checks names, which no template makes: the host would refuse the Secret for them.
func validateMetadata(metadata *v1.TemplateMetadata, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, key := range slices.Sorted(maps.Keys(metadata.Labels)) {
		errs = append(errs, validateQualified(key, path.Child("labels"))...)
	}
	for _, key := range slices.Sorted(maps.Keys(metadata.Annotations)) {
		errs = append(errs, validateQualified(strings.ToLower(key), path.Child("annotations"))...)
	}
	return append(errs, each(metadata.Finalizers, maxFinalizers, path.Child("finalizers"),
		func(finalizer *string, at *field.Path) field.ErrorList { return validateQualified(*finalizer, at) })...)
}

func validateTemplateFrom(from *v1.TemplateFrom, path *field.Path) field.ErrorList {
	errs := validateDecoding(from.ValuesDecodingStrategy, path.Child("valuesDecodingStrategy"))
	errs = append(errs, exactlyOne(path, map[string]bool{
		"configMap": from.ConfigMap != nil, "secret": from.Secret != nil, "literal": from.Literal != nil,
	})...)
	errs = append(errs, validateTemplateRef(from.ConfigMap, path.Child("configMap"))...)
	return append(errs, validateTemplateRef(from.Secret, path.Child("secret"))...)
}

func validateTemplateRef(ref *v1.TemplateRef, path *field.Path) field.ErrorList {
	if ref == nil {
		return nil
	}
	errs := validateName(ref.Name, path.Child("name"))
	if len(ref.Items) == 0 {
		errs = append(errs, field.Required(path.Child("items"), "must name at least one key"))
	}
	return append(errs, each(ref.Items, maxItems, path.Child("items"), func(item *v1.TemplateRefItem, at *field.Path) field.ErrorList {
		return append(validateKey(item.Key, at.Child("key")), validateEnum(item.TemplateAs, at.Child("templateAs"),
			v1.TemplateScopeValues, v1.TemplateScopeKeysAndValues)...)
	})...)
}
