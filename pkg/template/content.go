package template

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/live-secrets/external-secrets-apiserver/pkg/tree"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// putFetched puts the fetched values where they go without a template.
func (r *renderer) putFetched() error {
	if r.kind == secretKind {
		maps.Copy(r.out.Data, r.fetched)
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(r.fetched)) {
		path := append(r.kind.fetchedPath(), tree.Step{Name: key})
		if err := r.putText(path, r.fetched[key]); err != nil {
			return err.at(field.NewPath("spec", "target").String())
		}
	}
	return nil
}

// putText puts a value as text. JSON would replace the bytes of one that is none.
func (r *renderer) putText(path tree.Path, v value.Value) *Error {
	if !utf8.Valid(v.Bytes()) {
		return &Error{Class: NotText}
	}
	return r.putContent(path, string(v.Bytes()))
}

func (r *renderer) putContent(path tree.Path, v any) *Error {
	if r.out.Content.Put(path, v) != nil {
		return &Error{Class: NoPlace}
	}
	return nil
}

// putField puts one rendered template where its path leads, as ESO does. The values of .spec have their keys for names. A
// literal, and what is taken as KeysAndValues, is YAML of any shape: quote what is to be text. What is taken as a value stays
// text unless it is a YAML map or list, so that a password of digits is no number.
func (r *renderer) putField(p part, result string) *Error {
	v, failure := p.decoded(result)
	if failure != nil {
		return failure
	}
	if p.key != "" && len(p.to) == 1 && p.to[0].Name == "spec" {
		return r.putText(append(slices.Clone(p.to), tree.Step{Name: p.key}), v)
	}
	if !utf8.Valid(v.Bytes()) {
		return &Error{Class: NotText}
	}
	if err := r.spend(int64(v.Len()) / yamlPerStep); err != nil {
		return err
	}
	parsed, err := parseContent(string(v.Bytes()))
	if p.key != "" && (errors.Is(err, errNotYAML) || err == nil && !isStructure(parsed)) {
		return r.putText(p.to, v)
	}
	if err != nil {
		return failureOf(err, NotYAMLField)
	}
	if parsed == nil {
		return nil
	}
	return r.putContent(p.to, parsed)
}

func isStructure(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// maxObject is how long an object may be as JSON. etcd takes 1.5 MiB.
const maxObject = maxOutput

// checkContent refuses what the host would refuse, in words that hold nothing that was rendered.
func (r *renderer) checkContent(place string) error {
	fields := r.out.Content.Sketch()
	text, err := json.Marshal(fields)
	if err != nil || len(text) > maxObject {
		return &Error{Place: place, Class: TooLarge, Detail: "an object holds 1 MiB at most"}
	}
	if data, ok := fields["data"].(map[string]any); ok && r.kind == configMapKind {
		for key := range data {
			if !validKey(key) {
				return &Error{Place: place, Class: InvalidKey}
			}
		}
	}
	return nil
}
