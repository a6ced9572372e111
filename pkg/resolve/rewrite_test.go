package resolve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

func byRegexp(source, target string) v1.Rewrite {
	return v1.Rewrite{Regexp: &v1.RewriteRegexp{Source: source, Target: target}}
}

func byTransform(text string) v1.Rewrite {
	return v1.Rewrite{Transform: &v1.RewriteTransform{Template: text}}
}

func TestRewriteKeys(t *testing.T) {
	remote := map[string]string{"path/to/user": "u", "path/to/password": "p"}
	for name, tc := range map[string]struct {
		rewrite []v1.Rewrite
		want    map[string]string
		err     string
	}{
		"path off":         {[]v1.Rewrite{byRegexp("^path/to/", "")}, map[string]string{"user": "u", "password": "p"}, ""},
		"groups":           {[]v1.Rewrite{byRegexp("^path/to/(?P<name>.)(.*)$", "${name}-$2")}, map[string]string{"u-ser": "u", "p-assword": "p"}, ""},
		"every match":      {[]v1.Rewrite{byRegexp("/", "_")}, map[string]string{"path_to_user": "u", "path_to_password": "p"}, ""},
		"in order":         {[]v1.Rewrite{byRegexp("/", "_"), byRegexp("^path_to_", "db_"), {}}, map[string]string{"db_user": "u", "db_password": "p"}, ""},
		"template":         {[]v1.Rewrite{byTransform(`{{ .value | splitList "/" | last | upper }}`)}, map[string]string{"USER": "u", "PASSWORD": "p"}, ""},
		"none dropped":     {[]v1.Rewrite{byRegexp("^.*password$", ""), byTransform(`{{ base .value }}`)}, map[string]string{"user": "u"}, ""},
		"all dropped":      {[]v1.Rewrite{byRegexp(".*", "")}, map[string]string{}, ""},
		"collision":        {[]v1.Rewrite{byRegexp(".*", "x")}, nil, "rewrite[0]: two keys come to the same name: make the names differ"},
		"collision later":  {[]v1.Rewrite{byRegexp("/", "."), byTransform("x")}, nil, "rewrite[1]: two keys come to the same name"},
		"bad key":          {[]v1.Rewrite{byRegexp("^", canary+" ")}, nil, "only ASCII letters"},
		"bad expression":   {[]v1.Rewrite{byRegexp("(", "")}, nil, "rewrite[0]: regexp.source: the regular expression does not parse: missing closing )"},
		"bad template":     {[]v1.Rewrite{byTransform("{{")}, nil, "rewrite[0]: transform.template, line 1: the template does not parse"},
		"failing template": {[]v1.Rewrite{byTransform("{{ fail .value }}")}, nil, `rewrite[0]: transform.template, line 1: function "fail": the function failed`},
		"random template":  {[]v1.Rewrite{byTransform("{{ uuidv4 }}")}, nil, `function "uuidv4": the function gives another result each time`},
		"long target":      {[]v1.Rewrite{byRegexp("x", strings.Repeat("y", 2000))}, nil, "regexp.target is longer than 1024 bytes"},
		"growing":          {[]v1.Rewrite{byRegexp(".", "$0$0$0$0$0$0$0$0"), byRegexp(".", "$0$0$0$0$0$0$0$0"), byRegexp(".", "$0$0$0$0$0$0$0$0")}, nil, "rewrite[2]: a key becomes longer than 1024 bytes"},
		"too many":         {make([]v1.Rewrite, 65), nil, "rewrite has more than 64 operations"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := resolveMap(t, extract("item", tc.rewrite...), remote)
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

// TestRewriteEnds renames as many keys as there may be by the largest expressions and templates.
func TestRewriteEnds(t *testing.T) {
	remote := map[string]string{}
	for i := range MaxKeys {
		remote[fmt.Sprintf("%s%d", strings.Repeat("x", 1000), i)] = ""
	}
	_, err := resolveMap(t, extract("item", byRegexp("(x{300}|y{300}|z{300}){3}$", "")), remote)
	require.ErrorContains(t, err, "regexp takes too many steps for so many keys")
	_, err = resolveMap(t, extract("item", byTransform("{{ range 1000 }}{{ end }}{{ .value }}")), remote)
	require.ErrorContains(t, err, "too many steps")
	_, err = resolveMap(t, find("x", byRegexp("x", "")), map[string]string{strings.Repeat("x", 2000): ""})
	require.ErrorContains(t, err, "a key is longer than 1024 bytes")
}

func TestMerge(t *testing.T) {
	remote := map[string]string{
		"a": `{"user":"a","port":1,"big":12345678901234567890,"float":1.50,"exp":1e3,"on":true,"none":null}`,
		"b": `{"user":"b","list":[1,"<x>"],"object":{"z":1,"a":"&"}}`,
	}
	merged := func(m v1.RewriteMerge) v1.Rewrite { return v1.Rewrite{Merge: &m} }
	ignore := ptr.To(v1.MergeConflictIgnore)
	apart := byRegexp("^", "x-")
	for name, tc := range map[string]struct {
		rewrite []v1.Rewrite
		remote  map[string]string
		want    map[string]string
		err     string
	}{
		"later wins": {[]v1.Rewrite{merged(v1.RewriteMerge{ConflictPolicy: ignore})}, remote, map[string]string{
			"user": "b", "port": "1", "big": "12345678901234567890", "float": "1.5", "exp": "1000", "on": "true", "none": "",
			"list": `[1,"\u003cx\u003e"]`, "object": `{"a":"\u0026","z":1}`,
		}, ""},
		"priority wins": {
			[]v1.Rewrite{merged(v1.RewriteMerge{ConflictPolicy: ignore, Priority: []string{"b", "a", "b", "a"}})},
			map[string]string{"a": `{"k":"a"}`, "b": `{"k":"b"}`, "c": `{"k":"c"}`}, map[string]string{"k": "a"}, "",
		},
		"priority not there, ignored": {
			[]v1.Rewrite{merged(v1.RewriteMerge{
				ConflictPolicy: ignore, Priority: []string{"z", "a"}, PriorityPolicy: ptr.To(v1.MergePriorityIgnoreNotFound),
			})},
			map[string]string{"a": `{"k":"a"}`, "b": `{"k":"b"}`}, map[string]string{"k": "a"}, "",
		},
		"priority not there": {[]v1.Rewrite{merged(v1.RewriteMerge{Priority: []string{"z"}})}, remote, nil, `merge: the priority key "z" was not found`},
		"conflict":           {[]v1.Rewrite{merged(v1.RewriteMerge{})}, map[string]string{"a": `{"canary-7f3a":1}`, "b": `{"canary-7f3a":1}`}, nil, "merge: two values have a property of the same name"},
		"conflict with priority": {
			[]v1.Rewrite{merged(v1.RewriteMerge{Priority: []string{"a"}})}, map[string]string{"a": `{"k":1}`, "b": `{"k":1}`}, nil, "same name",
		},
		"JSON": {
			[]v1.Rewrite{merged(v1.RewriteMerge{Strategy: ptr.To(v1.MergeJSON), Into: ptr.To("all")})},
			map[string]string{"a": `{"z":1,"n":12345678901234567890}`, "b": `{"y":"<"}`},
			map[string]string{"a": `{"z":1,"n":12345678901234567890}`, "b": `{"y":"<"}`, "all": `{"n":12345678901234567890,"y":"<","z":1}`}, "",
		},
		"JSON over a key": {
			[]v1.Rewrite{merged(v1.RewriteMerge{Strategy: ptr.To(v1.MergeJSON), Into: ptr.To("a")})},
			map[string]string{"a": `{"z":1}`}, map[string]string{"a": `{"z":1}`}, "",
		},
		"JSON of nothing": {
			[]v1.Rewrite{merged(v1.RewriteMerge{Strategy: ptr.To(v1.MergeJSON), Into: ptr.To("a")})}, nil, map[string]string{"a": `{}`}, "",
		},
		"JSON without into": {[]v1.Rewrite{merged(v1.RewriteMerge{Strategy: ptr.To(v1.MergeJSON)})}, remote, nil, "same name"},
		"JSON needs into": {
			[]v1.Rewrite{merged(v1.RewriteMerge{Strategy: ptr.To(v1.MergeJSON), ConflictPolicy: ignore})}, remote, nil, "strategy JSON needs into",
		},
		"unknown strategy": {
			[]v1.Rewrite{merged(v1.RewriteMerge{Strategy: ptr.To(v1.RewriteMergeStrategy("x")), ConflictPolicy: ignore})}, remote, nil, "strategy must be Extract or JSON",
		},
		"not JSON":      {[]v1.Rewrite{merged(v1.RewriteMerge{})}, map[string]string{canary: canary}, nil, "rewrite[0]: merge: a value is not a JSON object"},
		"not an object": {[]v1.Rewrite{merged(v1.RewriteMerge{})}, map[string]string{"a": `["canary-7f3a"]`}, nil, "not a JSON object"},
		"null is empty": {[]v1.Rewrite{merged(v1.RewriteMerge{})}, map[string]string{"a": `null`}, map[string]string{}, ""},
		"huge number":   {[]v1.Rewrite{merged(v1.RewriteMerge{})}, map[string]string{"a": `{"k":[1e999]}`}, nil, "a number is too large"},
		"then renamed":  {[]v1.Rewrite{merged(v1.RewriteMerge{}), apart}, map[string]string{"a": `{"k":1}`}, map[string]string{"x-k": "1"}, ""},
		"bad property":  {[]v1.Rewrite{merged(v1.RewriteMerge{})}, map[string]string{"a": `{"canary-7f3a/":1}`}, nil, "only ASCII letters"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 10 {
				got, err := resolveMap(t, extract("item", tc.rewrite...), tc.remote)
				if tc.err != "" {
					require.ErrorContains(t, err, tc.err)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, tc.want, got)
			}
		})
	}
}
