package tree

import (
	"maps"
	"slices"
)

// LayOver makes an object hold the tree, in place, and leaves its other fields: what a server defaults, what controllers
// write. A list that holds the tree's already stays as it is, with what was defaulted in its elements; any other is
// replaced. A field that is null in the tree is taken away. The error is ErrNoIndex; the object is not to be used then.
func (t Tree) LayOver(object map[string]any) error {
	_, err := lay(object, t.fields())
	return err
}

// In tells whether an object holds the tree already, so that LayOver would change nothing.
func (t Tree) In(object map[string]any) bool { return holds(object, t.fields()) }

func lay(standing, desired any) (any, error) {
	switch desired := desired.(type) {
	case map[string]any:
		return layMap(standing, desired)
	case elements:
		return layElements(standing, desired)
	case []any:
		if holds(standing, desired) {
			return standing, nil
		}
		list := make([]any, len(desired))
		for i := range desired {
			next, err := lay(nil, desired[i])
			if err != nil {
				return nil, err
			}
			list[i] = next
		}
		return list, nil
	}
	if isSame(standing, desired) {
		return standing, nil
	}
	return desired, nil
}

func layMap(standing any, desired map[string]any) (any, error) {
	fields, ok := standing.(map[string]any)
	if !ok {
		fields = make(map[string]any, len(desired))
	}
	for name, v := range desired {
		if v == nil {
			delete(fields, name)
			continue
		}
		next, err := lay(fields[name], v)
		if err != nil {
			return nil, err
		}
		fields[name] = next
	}
	return fields, nil
}

func layElements(standing any, desired elements) (any, error) {
	list, _ := standing.([]any)
	for _, i := range slices.Sorted(maps.Keys(desired)) {
		if i > len(list) {
			return nil, ErrNoIndex
		}
		if i == len(list) {
			list = append(list, nil)
		}
		next, err := lay(list[i], desired[i])
		if err != nil {
			return nil, err
		}
		list[i] = next
	}
	return list, nil
}

func holds(standing, desired any) bool {
	switch desired := desired.(type) {
	case map[string]any:
		fields, ok := standing.(map[string]any)
		for name, v := range desired {
			if !ok || !holds(fields[name], v) {
				return false
			}
		}
		return ok
	case elements:
		list, ok := standing.([]any)
		for i, v := range desired {
			if !ok || i >= len(list) || !holds(list[i], v) {
				return false
			}
		}
		return ok
	case []any:
		list, ok := standing.([]any)
		return ok && slices.EqualFunc(list, desired, holds)
	}
	return isSame(standing, desired)
}

// isSame compares what is no map and no list. A server may answer a whole number as either kind of number.
func isSame(a, b any) bool {
	switch a.(type) {
	case map[string]any, []any:
		return false
	}
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	return a == b
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}
