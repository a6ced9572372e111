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

// content is what a path leads into: the value of a secret, or what describes it.
type content struct {
	value.Value
	// what it is, and of which key, for messages.
	what, key string
}

// property is what is at a gjson path, or the whole where there is no path: a string as it is, everything else as JSON, as
// it is written.
func (c content) property(path string) (value.Value, error) {
	if path == "" {
		return c.Value, nil
	}
	if len(path) > maxProperty {
		return value.Value{}, provider.Errorf(provider.Invalid, "the property of key %q is longer than %d bytes", c.key, maxProperty)
	}
	if !bounded(path) {
		return value.Value{}, provider.Errorf(provider.Invalid,
			"property %q of key %q: of gjson's syntax, multipaths and modifiers other than %s are not allowed", path, c.key, modifierList())
	}
	// The standard library's check, unlike gjson's, bounds how deep a value may be nested.
	if !json.Valid(c.Bytes()) {
		return value.Value{}, provider.Errorf(provider.Invalid, "the %s of key %q is not JSON and so has no property %q", c.what, c.key, path)
	}
	result := gjson.GetBytes(c.Bytes(), path)
	switch {
	case !result.Exists():
		return value.Value{}, provider.Errorf(provider.Invalid, "property %q is not there in the %s of key %q", path, c.what, c.key)
	case result.Type == gjson.String || result.Raw == "":
		return value.FromString(result.String()), nil
	}
	return value.FromString(result.Raw), nil
}

// properties is the object, or that at a path, by its keys: strings as they are, everything else as JSON.
func (c content) properties(path string) (map[string]value.Value, error) {
	object, err := c.property(path)
	if err != nil {
		return nil, err
	}
	var raw map[string]json.RawMessage
	// Decoding errors show what they stumble over.
	if err := json.Unmarshal(object.Bytes(), &raw); err != nil || raw == nil {
		if path != "" {
			return nil, provider.Errorf(provider.Invalid, "property %q of key %q is not a JSON object", path, c.key)
		}
		return nil, provider.Errorf(provider.Invalid, "the %s of key %q is not a JSON object", c.what, c.key)
	}
	fields := make(map[string]value.Value, len(raw))
	for name, member := range raw {
		var text string
		if member[0] == '"' && json.Unmarshal(member, &text) == nil {
			fields[name] = value.FromString(text)
			continue
		}
		fields[name] = value.New(member)
	}
	return fields, nil
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
