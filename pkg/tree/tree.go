package tree

import (
	"errors"
	"fmt"
	"io"
)

// Errors of putting a tree together and of laying it over an object.
var (
	ErrNotMap  = errors.New("the path leads through something that is neither a map nor a list")
	ErrNoIndex = errors.New("the path leads beyond the end of a list")
)

// Tree is fields of an object, as JSON has them: map[string]any, []any, string, bool, int64, float64, nil. The zero Tree is
// empty and ready to use.
type Tree struct {
	// root is a function for the reason that value.Value holds one: fmt cannot look into it.
	root func() map[string]any
}

// elements are single elements of a list whose other elements are not this tree's.
type elements map[int]any

// Put puts v where path leads. A map is merged with the one that is there, of all else the later wins. The Tree owns v from
// then on. A path has at least one step, and its first is a name.
func (t *Tree) Put(path Path, v any) error {
	root, err := put(t.fields(), path, v)
	if err != nil {
		return err
	}
	fields := root.(map[string]any)
	t.root = func() map[string]any { return fields }
	return nil
}

func (t Tree) fields() map[string]any {
	if t.root == nil {
		return map[string]any{}
	}
	return t.root()
}

func put(node any, path Path, v any) (any, error) {
	if len(path) == 0 {
		return merge(node, v), nil
	}
	step := path[0]
	if step.Name == "" {
		return putElement(node, step.Index, path[1:], v)
	}
	fields, ok := node.(map[string]any)
	if !ok {
		if node != nil {
			return nil, ErrNotMap
		}
		fields = map[string]any{}
	}
	next, err := put(fields[step.Name], path[1:], v)
	fields[step.Name] = next
	return fields, err
}

func putElement(node any, index int, path Path, v any) (any, error) {
	switch list := node.(type) {
	case nil:
		next, err := put(nil, path, v)
		return elements{index: next}, err
	case elements:
		next, err := put(list[index], path, v)
		list[index] = next
		return list, err
	case []any:
		if index > len(list) {
			return nil, ErrNoIndex
		}
		if index == len(list) {
			list = append(list, nil)
		}
		next, err := put(list[index], path, v)
		list[index] = next
		return list, err
	}
	return nil, ErrNotMap
}

func merge(before, v any) any {
	fields, ok := before.(map[string]any)
	more, isMap := v.(map[string]any)
	if !ok || !isMap {
		return v
	}
	for name, next := range more {
		fields[name] = merge(fields[name], next)
	}
	return fields
}

// Sketch is the tree by itself, to be measured or hashed: an object of its own could lack the elements that single elements
// of a list come after, which are a map of "[1]" here. The caller must not change it, print it or log it.
func (t Tree) Sketch() map[string]any {
	return sketch(t.fields()).(map[string]any)
}

func sketch(v any) any {
	switch v := v.(type) {
	case map[string]any:
		fields := make(map[string]any, len(v))
		for name, next := range v {
			fields[name] = sketch(next)
		}
		return fields
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = sketch(v[i])
		}
		return list
	case elements:
		return v.sketch()
	}
	return v
}

func (e elements) sketch() any {
	list := make([]any, len(e))
	some := make(map[string]any, len(e))
	isList := true
	for i, v := range e {
		next := sketch(v)
		some[fmt.Sprintf("[%d]", i)] = next
		if isList = isList && i < len(list); isList {
			list[i] = next
		}
	}
	if isList {
		return list
	}
	return some
}

// String keeps the content out of everything that asks for a Stringer.
func (Tree) String() string { return "[redacted]" }

// Format keeps the content out of every verb of fmt.
func (t Tree) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, t.String()) }

// MarshalJSON keeps the content out of JSON.
func (t Tree) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }
