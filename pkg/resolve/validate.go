package resolve

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/pattern"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
)

// Validate checks at admission what can be known of spec.data and spec.dataFrom before anything was fetched: that keys may
// be a Secret's, that expressions and templates compile, that a store is named. path is that of spec.
func Validate(spec *v1.ExternalSecretSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	_, failures := entries(spec)
	for _, failure := range failures {
		errs = append(errs, field.Invalid(failure.field(spec, path), field.OmitValueType{}, failure.Message))
	}
	for i, data := range spec.Data {
		if err := checkKey(data.SecretKey); err != nil {
			errs = append(errs, field.Invalid(path.Child("data").Index(i).Child("secretKey"), data.SecretKey, err.Error()))
		}
	}
	for i, from := range spec.DataFrom {
		errs = append(errs, validateDataFrom(from, path.Child("dataFrom").Index(i))...)
	}
	return errs
}

// field is the path of the entry, below the path of the spec.
func (e *Error) field(spec *v1.ExternalSecretSpec, path *field.Path) *field.Path {
	if e.order < len(spec.Data) {
		return path.Child("data").Index(e.order)
	}
	return path.Child("dataFrom").Index(e.order - len(spec.Data))
}

func validateDataFrom(from v1.ExternalSecretDataFrom, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if from.Find != nil && from.Find.Name != nil {
		errs = append(errs, validatePattern(deref(from.Find.Name.RegExp), path.Child("find", "name", "regexp"))...)
	}
	if len(from.Rewrite) > maxRewrites {
		errs = append(errs, field.TooMany(path.Child("rewrite"), len(from.Rewrite), maxRewrites))
	}
	for i, operation := range from.Rewrite {
		errs = append(errs, validateRewrite(operation, path.Child("rewrite").Index(i))...)
	}
	return errs
}

func validateRewrite(operation v1.Rewrite, path *field.Path) field.ErrorList {
	set := 0
	for _, there := range []bool{operation.Merge != nil, operation.Regexp != nil, operation.Transform != nil} {
		if there {
			set++
		}
	}
	if set != 1 {
		return field.ErrorList{field.Invalid(path, field.OmitValueType{}, "exactly one of merge, regexp and transform is required")}
	}
	var errs field.ErrorList
	if r := operation.Regexp; r != nil {
		errs = append(errs, validatePattern(r.Source, path.Child("regexp", "source"))...)
		if len(r.Target) > maxRenamed {
			errs = append(errs, field.TooLong(path.Child("regexp", "target"), field.OmitValueType{}, maxRenamed))
		}
	}
	if m := operation.Merge; m != nil && deref(m.Strategy) == v1.MergeJSON && deref(m.Into) == "" {
		errs = append(errs, field.Required(path.Child("merge", "into"), "the strategy JSON needs the key that the merged object gets"))
	}
	if t := operation.Transform; t != nil {
		errs = append(errs, template.ValidateKeys(t.Template, path.Child("transform", "template"))...)
	}
	return errs
}

func validatePattern(expression string, path *field.Path) field.ErrorList {
	if _, err := pattern.Compile(expression); err != nil {
		return field.ErrorList{field.Invalid(path, expression, err.Error())}
	}
	return nil
}
