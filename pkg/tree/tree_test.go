package tree

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Path{
		"spec":                  {{Name: "spec"}},
		"spec.values":           {{Name: "spec"}, {Name: "values"}},
		"spec.items[0].name":    {{Name: "spec"}, {Name: "items"}, {}, {Name: "name"}},
		"a[99][1]":              {{Name: "a"}, {Index: 99}, {Index: 1}},
		"spec.$ref.x-y.camelCa": {{Name: "spec"}, {Name: "$ref"}, {Name: "x-y"}, {Name: "camelCa"}},
	} {
		got, err := Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{
		"", ".", "a.", ".a", "a..b", "[0]", "a[", "a[]", "a[0", "a[0]b", "a[-1]", "a[100]", "a[10000]", "a[0][", "a b", "a]", `a["b"]`, "a[0x1]",
		strings.Repeat("a", maxPath+1), "a" + strings.Repeat(".a", maxSteps),
	} {
		_, err := Parse(text)
		require.Error(t, err, text)
	}
}

// treeOf puts values at paths in order: "path", value, "path", value.
func treeOf(t *testing.T, parts ...any) Tree {
	t.Helper()
	var tr Tree
	for i := 0; i < len(parts); i += 2 {
		path, err := Parse(parts[i].(string))
		require.NoError(t, err)
		require.NoError(t, tr.Put(path, parts[i+1]), parts[i])
	}
	return tr
}

type (
	m = map[string]any
	l = []any
)

func TestPut(t *testing.T) {
	for name, c := range map[string]struct {
		tree Tree
		want m
	}{
		"empty":                  {Tree{}, m{}},
		"later wins":             {treeOf(t, "a.b", "x", "a.b", int64(1)), m{"a": m{"b": int64(1)}}},
		"maps merge":             {treeOf(t, "a", m{"b": m{"c": "x"}}, "a", m{"b": m{"d": "y"}}), m{"a": m{"b": m{"c": "x", "d": "y"}}}},
		"lists do not":           {treeOf(t, "a", l{"x", "y"}, "a", l{"z"}), m{"a": l{"z"}}},
		"an element of a list":   {treeOf(t, "a", l{m{"b": "x"}}, "a[0].c", "y", "a[1]", "z"), m{"a": l{m{"b": "x", "c": "y"}, "z"}}},
		"elements by themselves": {treeOf(t, "a[1]", "y", "a[0].b", "x"), m{"a": l{m{"b": "x"}, "y"}}},
		"an element alone":       {treeOf(t, "a[2]", "z"), m{"a": m{"[2]": "z"}}},
	} {
		require.Equal(t, c.want, c.tree.Sketch(), name)
	}
	for name, put := range map[string]func(tr *Tree) error{
		"through a text": func(tr *Tree) error { return tr.Put(Path{{Name: "text"}, {Name: "b"}}, "x") },
		"into a text":    func(tr *Tree) error { return tr.Put(Path{{Name: "text"}, {Index: 0}}, "x") },
		"beyond the end": func(tr *Tree) error { return tr.Put(Path{{Name: "list"}, {Index: 2}}, "x") },
	} {
		tr := treeOf(t, "text", "hidden", "list", l{"one"})
		err := put(&tr)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "hidden", name)
	}
}

func TestLayOver(t *testing.T) {
	standing := func() m {
		return m{
			"spec":   m{"a": "old", "theirs": "kept", "list": l{m{"name": "x", "default": "d"}}, "n": 3.0},
			"status": m{"phase": "Running"},
		}
	}
	for name, c := range map[string]struct {
		tree  Tree
		in    bool
		after func(spec m)
	}{
		"a field":              {treeOf(t, "spec.a", "new"), false, func(spec m) { spec["a"] = "new" }},
		"a new map":            {treeOf(t, "spec.b.c", "new"), false, func(spec m) { spec["b"] = m{"c": "new"} }},
		"what it holds":        {treeOf(t, "spec", m{"a": "old", "n": int64(3)}), true, func(m) {}},
		"a list that it holds": {treeOf(t, "spec.list", l{m{"name": "x"}}), true, func(m) {}},
		"another list":         {treeOf(t, "spec.list", l{m{"name": "y"}}), false, func(spec m) { spec["list"] = l{m{"name": "y"}} }},
		"a longer list":        {treeOf(t, "spec.list", l{m{"name": "x"}, "z"}), false, func(spec m) { spec["list"] = l{m{"name": "x"}, "z"} }},
		"an element":           {treeOf(t, "spec.list[0].name", "y"), false, func(spec m) { spec["list"] = l{m{"name": "y", "default": "d"}} }},
		"one more element":     {treeOf(t, "spec.list[1]", "z"), false, func(spec m) { spec["list"] = append(spec["list"].(l), "z") }},
		"null":                 {treeOf(t, "spec", m{"a": nil}), false, func(spec m) { delete(spec, "a") }},
		"null for nothing":     {treeOf(t, "spec", m{"b": nil}), true, func(m) {}},
		"a text for a map":     {treeOf(t, "spec.list", "text"), false, func(spec m) { spec["list"] = "text" }},
	} {
		t.Run(name, func(t *testing.T) {
			object, want := standing(), standing()
			require.Equal(t, c.in, c.tree.In(object))
			c.after(want["spec"].(m))
			require.NoError(t, c.tree.LayOver(object))
			require.Equal(t, want, object)
			require.True(t, c.tree.In(object), "it holds what was laid over it")
		})
	}
	require.ErrorIs(t, treeOf(t, "spec.list[2]", "z").LayOver(standing()), ErrNoIndex)
	require.ErrorIs(t, treeOf(t, "spec.new[1]", "z").LayOver(standing()), ErrNoIndex)
}

// A tree is laid over any number of objects: none may change it through another.
func TestLayOverCopies(t *testing.T) {
	tr := treeOf(t, "spec", m{"a": m{"b": "x"}, "list": l{m{"c": "y"}}})
	first := m{}
	require.NoError(t, tr.LayOver(first))
	first["spec"].(m)["a"].(m)["b"] = "changed"
	first["spec"].(m)["list"].(l)[0].(m)["c"] = "changed"
	require.Equal(t, m{"spec": m{"a": m{"b": "x"}, "list": l{m{"c": "y"}}}}, tr.Sketch())
}

func TestPrune(t *testing.T) {
	object := m{"spec": m{
		"ours": "x", "theirs": "y", "map": m{"ours": "x", "theirs": "y"}, "empty": m{"ours": "x"}, "atomic": m{"a": "x"},
		"list": l{"x"}, "items": l{m{"name": "x"}}, "shared": l{m{"name": "x"}}, "wanted": "x",
	}}
	own := fields(t, `{"f:spec": {".": {}, "f:ours": {}, "f:wanted": {}, "f:map": {".": {}, "f:ours": {}}, "f:empty": {"f:ours": {}},
		"f:atomic": {}, "f:list": {}, "f:items": {".": {}, "k:{\"name\":\"x\"}": {}}, "f:shared": {"k:{\"name\":\"x\"}": {}}, "f:gone": {}}}`)
	treeOf(t, "spec.wanted", "x").Prune(object, own)
	require.Equal(t, m{"spec": m{"theirs": "y", "map": m{"theirs": "y"}, "shared": l{m{"name": "x"}}, "wanted": "x"}}, object)
}

func fields(t *testing.T, text string) map[string]any {
	t.Helper()
	var own map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &own))
	return own
}

func TestATreeDoesNotPrint(t *testing.T) {
	tr := treeOf(t, "spec.password", "canary-1b7c")
	asJSON, err := json.Marshal(struct{ T Tree }{tr})
	require.NoError(t, err)
	for _, text := range []string{
		fmt.Sprint(tr), fmt.Sprintf("%v %+v %#v %s", tr, &tr, tr, tr), fmt.Sprintf("%+v", struct{ inner Tree }{tr}), string(asJSON),
	} {
		require.NotContains(t, text, "canary")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("spec.items[0].name")
	f.Fuzz(func(t *testing.T, text string) {
		path, err := Parse(text)
		if err != nil {
			return
		}
		var tr Tree
		_ = tr.Put(path, "x")
		_ = tr.LayOver(map[string]any{"spec": "y"})
		_ = tr.Sketch()
	})
}
