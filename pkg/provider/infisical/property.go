package infisical

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// maxProperty is the longest path into a value, in bytes.
const maxProperty = 1024

// property is what is at a gjson path in v, or v itself where there is no path: a string as it is, everything else as JSON.
func property(v value.Value, key, path string) (value.Value, error) {
	if path == "" {
		return v, nil
	}
	if len(path) > maxProperty {
		return value.Value{}, provider.Errorf(provider.Invalid, "the property of key %q is longer than %d bytes", key, maxProperty)
	}
	if !bounded(path) {
		return value.Value{}, provider.Errorf(provider.Invalid,
			"property %q of key %q: of gjson's syntax, multipaths and modifiers other than %s are not allowed", path, key, modifierList())
	}
	// The standard library's check, unlike gjson's, bounds how deep a value may be nested.
	if !json.Valid(v.Bytes()) {
		return value.Value{}, provider.Errorf(provider.Invalid, "the value of key %q is not JSON and so has no property %q", key, path)
	}
	result := gjson.GetBytes(v.Bytes(), path)
	switch {
	case !result.Exists():
		return value.Value{}, provider.Errorf(provider.Invalid, "property %q is not there in the value of key %q", path, key)
	case result.Type == gjson.String || result.Raw == "":
		return value.FromString(result.String()), nil
	}
	return value.FromString(result.Raw), nil
}

// allowedModifiers cannot make a value larger, however often they are chained, nor its nesting deeper.
func allowedModifiers() []string {
	return []string{"flatten", "keys", "reverse", "this", "ugly", "valid", "values"}
}

func modifierList() string { return "@" + strings.Join(allowedModifiers(), ", @") }

// bounded tells whether evaluating a path takes memory in proportion to the value. Multipaths ([a,a]) and modifiers such
// as @tostr double it, and can be chained. A component of a path begins after any of these characters; that some may be
// escaped or quoted makes this too strict for rare paths, and never too lax.
func bounded(path string) bool {
	for start := 0; start >= 0; {
		component := strings.TrimLeft(path[start:], " \t\r\n")
		if strings.HasPrefix(component, "[") || strings.HasPrefix(component, "{") {
			return false
		}
		if modifier, ok := strings.CutPrefix(component, "@"); ok {
			end := strings.IndexFunc(modifier, func(r rune) bool { return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9') })
			if end >= 0 {
				modifier = modifier[:end]
			}
			if gjson.ModifierExists(modifier, nil) && !slices.Contains(allowedModifiers(), modifier) {
				return false
			}
		}
		next := strings.IndexAny(path[start:], ".|(")
		if next < 0 {
			return true
		}
		start += next + 1
	}
	return true
}
