package template

import (
	"fmt"
	"strings"
)

// Class says what went wrong. It is all that is told of an error: the template engine's own text can hold values.
type Class string

// The classes of errors.
const (
	ParseFailed      Class = "the template does not parse"
	UnknownFunction  Class = "there is no such function"
	MissingKey       Class = "a key that the template names was not fetched"
	FunctionFailed   Class = "the function failed"
	ExecutionFailed  Class = "the template cannot be executed as it is written"
	TooManySteps     Class = "the template takes too many steps"
	TooDeep          Class = "templates or values are nested too deeply"
	TooLarge         Class = "the result is too large"
	TooCostly        Class = "the template calls slow functions too often"
	DeadlineExceeded Class = "the template was not done in time"
	Canceled         Class = "rendering was given up by its caller"
	NotYAML          Class = "the result is not a YAML map of strings"
	NotYAMLField     Class = "the result is not YAML"
	NotText          Class = "a value is not UTF-8 text, and only a Secret can hold it"
	NoPlace          Class = "the path does not lead into what was rendered before"
	NotEncoded       Class = "a rendered value is not in the encoding of valuesDecodingStrategy"
	InvalidKey       Class = "a rendered key is not valid"
	InvalidMetadata  Class = "a rendered label or annotation is not valid"
	NoSource         Class = "the object or key that holds the template was not found"
	NotAllowed       Class = "it is not allowed"
	NotDeterministic Class = "the function gives another result each time, which a key may not"
)

// Error is a template that could not be rendered, told by its place, function and class. It holds no value and no text of
// the template engine's but Detail.
type Error struct {
	// Place is the field that holds the template, such as spec.target.template.data["config.yaml"].
	Place string
	// Line of the template, from 1; 0 where it is not known.
	Line int
	// Function that failed, if one did.
	Function string
	Class    Class
	// Detail is more about the Class, made only of what the spec itself says.
	Detail string

	cause error
}

// Error is the place, line, function and class in one sentence.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Place != "" {
		b.WriteString(e.Place)
		if e.Line > 0 {
			fmt.Fprintf(&b, ", line %d", e.Line)
		}
		b.WriteString(": ")
	}
	if e.Function != "" {
		fmt.Fprintf(&b, "function %q: ", e.Function)
	}
	b.WriteString(string(e.Class))
	if e.Detail != "" {
		b.WriteString(": ")
		b.WriteString(e.Detail)
	}
	return b.String()
}

// Unwrap gives a context's error to errors.Is.
func (e *Error) Unwrap() error { return e.cause }

// at is the error with its place filled in.
func (e *Error) at(place string) *Error {
	placed := *e
	placed.Place = place
	return &placed
}
