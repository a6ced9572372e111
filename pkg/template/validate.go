package template

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// Validate checks at admission what can be known of a template before it is rendered: that what the spec itself holds
// parses, that targets, scopes and strategies exist, and that the type may be written. path is that of t.
func Validate(t *v1.ExternalSecretTemplate, path *field.Path) field.ErrorList {
	if t == nil {
		return nil
	}
	parts, errs := partsOf(t, path)
	if t.EngineVersion != nil && *t.EngineVersion != "" && *t.EngineVersion != v1.TemplateEngineV2 {
		errs = append(errs, field.NotSupported(path.Child("engineVersion"), *t.EngineVersion,
			[]v1.TemplateEngineVersion{v1.TemplateEngineV2}))
	}
	for _, p := range parts {
		if p.target == targetData && p.source == nil && p.key != "" && !validKey(p.key) {
			errs = append(errs, field.Invalid(p.path, p.key,
				"a key of a Secret has 1 to 253 ASCII letters, digits, '-', '_' and '.'"))
		}
		if p.source != nil {
			continue
		}
		if _, err := compile(p.text); err != nil {
			errs = append(errs, field.Invalid(p.path, field.OmitValueType{}, parseMessage(err)))
		}
	}
	return append(errs, validateType(t, path)...)
}

// ValidateKeys checks the template of a rewrite.transform at admission.
func ValidateKeys(text string, path *field.Path) field.ErrorList {
	p, err := compile(text)
	if err != nil {
		return field.ErrorList{field.Invalid(path, field.OmitValueType{}, parseMessage(err))}
	}
	if name, random := p.randomFunction(); random {
		err := &Error{Function: name, Class: NotDeterministic}
		return field.ErrorList{field.Invalid(path, field.OmitValueType{}, err.Error())}
	}
	return nil
}

func parseMessage(err *Error) string {
	if err.Line == 0 {
		return err.Error()
	}
	return fmt.Sprintf("line %d: %s", err.Line, err.Error())
}

// validateType refuses a privileged type, and one that annotations which are yet to be rendered could make privileged.
func validateType(t *v1.ExternalSecretTemplate, path *field.Path) field.ErrorList {
	if t.Type == nil {
		return nil
	}
	var annotations map[string]string
	if t.Metadata != nil {
		annotations = t.Metadata.Annotations
	}
	if why := RefusedType(*t.Type, annotations); why != "" {
		return field.ErrorList{field.Forbidden(path.Child("type"), why)}
	}
	if *t.Type != corev1.SecretTypeServiceAccountToken {
		return nil
	}
	var errs field.ErrorList
	for i, from := range t.TemplateFrom {
		if to, _ := targetOf(from.Target); to == targetAnnotations {
			errs = append(errs, field.Forbidden(path.Child("templateFrom").Index(i).Child("target"),
				"annotations of a Secret of type "+string(*t.Type)+" may not be rendered: one of them would give it a token"))
		}
	}
	return errs
}
