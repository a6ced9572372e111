package template

import (
	"errors"
	"reflect"
	"strings"

	goyaml "go.yaml.in/yaml/v2"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

const (
	// maxAliased is how much a text may come to whose aliases are written out.
	maxAliased = 4 << 20
	// yamlPerStep is about how many bytes of YAML take a step of the budget to parse.
	yamlPerStep = 8
)

// errNotYAML is for callers that know what the text was to be.
var errNotYAML = errors.New("not YAML")

// checkAliases refuses YAML that would be too large once it is written out. An alias of a few bytes stands for a whole
// anchor, so a text that may have some is first read into values that share what they stand for, and these are weighed as
// if they did not. The error is errNotYAML, or an *Error without a place.
func checkAliases(text string) error {
	if !strings.ContainsRune(text, '&') || !strings.ContainsRune(text, '*') {
		return nil
	}
	var shared any
	if goyaml.Unmarshal([]byte(text), &shared) != nil {
		return errNotYAML
	}
	_, err := weigh(reflect.ValueOf(shared), maxAliased)
	return err
}

// parseYAML reads YAML that is no longer than maxTree into a value of Go's. Errors are those of checkAliases.
func parseYAML(text string, into any) error {
	if err := checkAliases(text); err != nil {
		return err
	}
	if yaml.Unmarshal([]byte(text), into) != nil {
		return errNotYAML
	}
	return nil
}

// parseContent is parseYAML for what the objects of a host hold: JSON, with whole numbers as int64.
func parseContent(text string) (any, error) {
	if err := checkAliases(text); err != nil {
		return nil, err
	}
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, errNotYAML
	}
	var parsed any
	if utiljson.Unmarshal(asJSON, &parsed) != nil {
		return nil, errNotYAML
	}
	if _, err := weigh(reflect.ValueOf(parsed), maxAliased); err != nil {
		return nil, err
	}
	return parsed, nil
}

// failureOf is err as an *Error without a place, of class where it says no more than that the text is not YAML.
func failureOf(err error, class Class) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	return &Error{Class: class}
}
