package validation

import (
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

var schedulePattern = regexp.MustCompile(`^(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|@every [^\s]+.*|[^\s]+( [^\s]+){4})$`)

func validateTarget(target *v1.ExternalSecretTarget, path *field.Path) field.ErrorList {
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
	if target.Manifest != nil {
		errs = append(errs, field.Forbidden(path.Child("manifest"), "this server writes Secrets only"))
	}
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
	for i := range template.TemplateFrom {
		errs = append(errs, validateTemplateFrom(&template.TemplateFrom[i], path.Child("templateFrom").Index(i))...)
	}
	return errs
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
	for i := range ref.Items {
		at := path.Child("items").Index(i)
		errs = append(errs, validateKey(ref.Items[i].Key, at.Child("key"))...)
		errs = append(errs, validateEnum(ref.Items[i].TemplateAs, at.Child("templateAs"),
			v1.TemplateScopeValues, v1.TemplateScopeKeysAndValues)...)
	}
	return errs
}

func validateSyncWindows(windows *v1.SyncWindows, path *field.Path) field.ErrorList {
	if windows == nil {
		return nil
	}
	errs := validateEnum(&windows.Kind, path.Child("kind"), v1.SyncWindowAllow, v1.SyncWindowDeny)
	if len(windows.Windows) == 0 {
		errs = append(errs, field.Required(path.Child("windows"), "must have at least one window"))
	}
	for i := range windows.Windows {
		window, at := &windows.Windows[i], path.Child("windows").Index(i)
		if !schedulePattern.MatchString(window.Schedule) {
			errs = append(errs, field.Invalid(at.Child("schedule"), window.Schedule,
				`must be a cron expression of five fields, or a macro such as @daily or "@every 1h"`))
		}
		errs = append(errs, validateDuration(&window.Duration, at.Child("duration"))...)
	}
	return errs
}
