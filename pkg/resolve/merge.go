package resolve

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// merge merges values that are JSON objects: those under the keys in alphabetical order, then those under the priority keys
// in theirs; later ones win.
func merge(operation *v1.RewriteMerge, in map[string]value.Value) (map[string]value.Value, error) {
	order, err := mergeOrder(operation, in)
	if err != nil {
		return nil, err
	}
	merged := map[string]json.RawMessage{}
	for _, key := range order {
		var object map[string]json.RawMessage
		if json.Unmarshal(in[key].Bytes(), &object) != nil {
			return nil, problem("merge: a value is not a JSON object")
		}
		for property, raw := range object {
			if _, taken := merged[property]; taken && deref(operation.ConflictPolicy) != v1.MergeConflictIgnore {
				return nil, problem("merge: two values have a property of the same name; set conflictPolicy to Ignore to let the later one win")
			}
			merged[property] = raw
		}
	}
	switch deref(operation.Strategy) {
	case "", v1.MergeExtract:
		return extracted(merged)
	case v1.MergeJSON:
		return mergedInto(deref(operation.Into), merged, in)
	default:
		return nil, problemf("merge: strategy must be %s or %s", v1.MergeExtract, v1.MergeJSON)
	}
}

// mergeOrder is the keys in the order in which they are merged.
func mergeOrder(operation *v1.RewriteMerge, in map[string]value.Value) ([]string, error) {
	// A key that is named twice has the higher of its priorities.
	var priority []string
	named := map[string]bool{}
	for _, key := range slices.Backward(operation.Priority) {
		if named[key] {
			continue
		}
		named[key] = true
		if _, ok := in[key]; ok {
			priority = append(priority, key)
		} else if deref(operation.PriorityPolicy) != v1.MergePriorityIgnoreNotFound {
			return nil, problemf("merge: the priority key %q was not found; set priorityPolicy to IgnoreNotFound to pass over it", key)
		}
	}
	slices.Reverse(priority)
	var order []string
	for _, key := range slices.Sorted(maps.Keys(in)) {
		if !named[key] {
			order = append(order, key)
		}
	}
	return append(order, priority...), nil
}

// extracted puts each property in the place of the keys.
func extracted(merged map[string]json.RawMessage) (map[string]value.Value, error) {
	out := make(map[string]value.Value, len(merged))
	for property, raw := range merged {
		content, err := plain(raw)
		if err != nil {
			return nil, err
		}
		out[property] = value.New(content)
	}
	return out, nil
}

// mergedInto adds the merged object to the keys.
func mergedInto(into string, merged map[string]json.RawMessage, in map[string]value.Value) (map[string]value.Value, error) {
	if into == "" {
		return nil, problem("merge: strategy JSON needs into, the key that the merged object gets")
	}
	object := make(map[string]any, len(merged))
	for property, raw := range merged {
		v, err := parse(raw)
		if err != nil {
			return nil, err
		}
		object[property] = v
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(object) != nil {
		return nil, problem("merge: the merged object cannot be written as JSON")
	}
	out := maps.Clone(in)
	if out == nil {
		out = map[string]value.Value{}
	}
	out[into] = value.New(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return out, nil
}

// plain is a JSON value as the content of a key: a string's text, nothing for null, a number in decimal, else JSON.
func plain(raw json.RawMessage) ([]byte, error) {
	v, err := parse(raw)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(v), nil
	case json.Number:
		return []byte(v), nil
	case float64:
		return strconv.AppendFloat(nil, v, 'f', -1, 64), nil
	default:
		out, err := json.Marshal(v)
		if err != nil {
			return nil, problem("merge: a property cannot be written as JSON")
		}
		return out, nil
	}
}

// parse reads a JSON value. An integer keeps its digits, of which ESO loses those beyond the sixteenth; other numbers are
// float64, as in ESO.
func parse(raw json.RawMessage) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return nil, problem("merge: a value is not JSON")
	}
	return numbers(v)
}

// numbers replaces what is below v in place.
func numbers(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") {
			return v, nil
		}
		f, err := v.Float64()
		if err != nil {
			return nil, problem("merge: a number is too large")
		}
		return f, nil
	case map[string]any:
		for key := range v {
			if v[key], err = numbers(v[key]); err != nil {
				return nil, err
			}
		}
	case []any:
		for i := range v {
			if v[i], err = numbers(v[i]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}
