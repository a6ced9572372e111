package resolve

import (
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// FuzzRewrite renames the keys of any map by any operation: it ends, without a panic, in keys that a Secret may have, the
// same ones every time, and no error shows a value.
func FuzzRewrite(f *testing.F) {
	f.Add("^a", "b", "{{ .value }}", "key", `{"a":1}`)
	f.Add("(x*)", "$1$1", "{{ .value | upper }}", "xxx/y", `{"a":{"b":[1,2.5e3]}}`)
	f.Add("", "${", "{{ range 9999999 }}{{ end }}", "", `null`)
	f.Add("x{1000}", "", "{{ repeat 99 .value }}", "é", `{"":"x"}`)
	f.Fuzz(func(t *testing.T, source, target, text, key, object string) {
		for _, rewrite := range [][]v1.Rewrite{
			nil,
			{byRegexp(source, target)},
			{byTransform(text)},
			{byTransform(text), byRegexp(source, target)},
			{{Merge: &v1.RewriteMerge{Priority: []string{key}}}, byRegexp(source, target)},
			{{Merge: &v1.RewriteMerge{Strategy: ptr.To(v1.MergeJSON), Into: &target, ConflictPolicy: ptr.To(v1.MergeConflictIgnore)}}},
		} {
			remote := map[string]string{key: object, "other": `{"canary-7f3a":"canary-7f3a"}`}
			got, err := resolveMap(t, extract("item", rewrite...), remote)
			again, _ := resolveMap(t, extract("item", rewrite...), remote)
			if len(got) != len(again) {
				t.Fatalf("%d keys, then %d", len(got), len(again))
			}
			for k, v := range got {
				if checkKey(k) != nil || again[k] != v {
					t.Fatalf("key %q", k)
				}
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Fatalf("the error shows a value: %v", err)
			}
		}
	})
}
