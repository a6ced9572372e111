package validation

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/live-secrets/external-secrets-apiserver/pkg/pattern"
)

// maxSteps is what the regular expressions of one object may come to together: some milliseconds of compiling them, which
// admission does once and every read again.
const maxSteps = 20 * pattern.MaxSize

// expressions checks the regular expressions of one object.
type expressions struct {
	left int64
}

func newExpressions() *expressions { return &expressions{left: maxSteps} }

// validate compiles one. It looks into no more of them once they are too much.
func (e *expressions) validate(expression string, path *field.Path) field.ErrorList {
	if e.left < 0 {
		return nil
	}
	compiled, err := pattern.Compile(expression)
	if err != nil {
		return field.ErrorList{field.Invalid(path, expression, err.Error())}
	}
	if e.left -= compiled.Cost(0); e.left < 0 {
		return field.ErrorList{field.Invalid(path, field.OmitValueType{}, fmt.Sprintf(
			"the regular expressions of this object come to more than %d steps together", maxSteps))}
	}
	return nil
}
