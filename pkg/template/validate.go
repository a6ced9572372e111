package template

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/privilege"
)

// Validate checks at admission what can be known of a template before it is rendered: that what the spec itself holds
// parses, that targets, scopes and strategies exist, and that the type may be written. path is that of to.
func Validate(to *v1.ExternalSecretTarget, path *field.Path) field.ErrorList {
	if to == nil || to.Template == nil {
		return nil
	}
	t, path := to.Template, path.Child("template")
	kind := kindOf(to)
	parts, errs := partsOf(t, kind, path)
	if t.EngineVersion != nil && *t.EngineVersion != "" && *t.EngineVersion != v1.TemplateEngineV2 {
		errs = append(errs, field.NotSupported(path.Child("engineVersion"), *t.EngineVersion,
			[]v1.TemplateEngineVersion{v1.TemplateEngineV2}))
	}
	for _, p := range parts {
		if p.target == targetData && p.source == nil && p.key != "" && kind.hasKeys() && !validKey(p.key) {
			errs = append(errs, field.Invalid(p.path, p.key,
				"a key of a "+string(kind)+" has 1 to 253 ASCII letters, digits, '-', '_' and '.'"))
		}
		if p.source != nil {
			continue
		}
		if _, err := compile(p.text); err != nil {
			errs = append(errs, field.Invalid(p.path, field.OmitValueType{}, parseMessage(err)))
		}
	}
	if kind != secretKind {
		return errs
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

// validateType refuses the types that no ExternalSecret may write.
func validateType(t *v1.ExternalSecretTemplate, path *field.Path) field.ErrorList {
	if t.Type == nil {
		return nil
	}
	if why := privilege.Refusal(*t.Type); why != "" {
		return field.ErrorList{field.Forbidden(path.Child("type"), why)}
	}
	return nil
}
