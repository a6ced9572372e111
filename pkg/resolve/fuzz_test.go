package resolve

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// FuzzRewrite renames the keys of any map by any operation: it ends, without a panic, in keys that a Secret may have, the
// same result or the same error every time, and no error shows a value.
func FuzzRewrite(f *testing.F) {
	f.Add("^a", "b", "{{ .value }}", "key", `{"a":1}`)
	f.Add("(x*)", "$1$1", "{{ .value | upper }}", "xxx/y", `{"a":{"b":[1,2.5e3]}}`)
	f.Add("", "${", "{{ range 9 }}x{{ end }}", "", `null`)
	f.Add("x{1000}", "", "{{ repeat 99 .value }}", "é", `{"":"x"}`)
	f.Add(".*", "one", "{{ .other }}", "a", `{"canary/":1e999,"b c":"\ud800","d":[[[]]]}`)
	f.Fuzz(func(t *testing.T, source, target, text, key, object string) {
		for _, rewrite := range [][]v1.Rewrite{
			nil,
			{byRegexp(source, target)},
			{byTransform(text)},
			{byTransform(text), byRegexp(source, target)},
			{{Merge: &v1.RewriteMerge{Priority: []string{key}}}, byRegexp(source, target)},
			{{Merge: &v1.RewriteMerge{Strategy: ptr.To(v1.MergeJSON), Into: &target, ConflictPolicy: ptr.To(v1.MergeConflictIgnore)}}},
		} {
			remote := map[string]string{key: object, "other": `{"canary-7f3a":"canary-7f3a"}`, "third/" + key: object}
			got, err := resolveMap(t, extract("item", rewrite...), remote)
			again, errAgain := resolveMap(t, extract("item", rewrite...), remote)
			if fmt.Sprint(err) != fmt.Sprint(errAgain) || !maps.Equal(got, again) {
				t.Fatalf("%v %q, then %v %q", err, got, errAgain, again)
			}
			for k := range got {
				if checkKey(k) != nil {
					t.Fatalf("key %q", k)
				}
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Fatalf("the error shows a value: %v", err)
			}
		}
	})
}

// FuzzConvert makes keys of any two names: both are kept or refused together, and a key that is none of its length or its
// dots is not made.
func FuzzConvert(f *testing.F) {
	f.Add("a/b", "a_b")
	f.Add("é😀", "_U00e9_")
	f.Add("\xff", "\xfe")
	f.Add("", ".")
	f.Add("..a", "a b\x00")
	f.Fuzz(func(t *testing.T, one, two string) {
		for _, strategy := range []*v1.ConversionStrategy{nil, ptr.To(v1.ConversionDefault), ptr.To(v1.ConversionUnicode)} {
			in := values(map[string]string{one: "1", two: "2"})
			out, err := convertKeys(strategy, in)
			if err == nil && len(out) != len(in) || err != nil && len(in) == 1 {
				t.Fatalf("%d names, %d keys, %v", len(in), len(out), err)
			}
			for _, key := range slices.Sorted(maps.Keys(out)) {
				if err := checkKey(key); err != nil && key != "" && len(key) <= 253 && key != "." && !strings.HasPrefix(key, "..") {
					t.Fatalf("%q and %q come to the key %q: %v", one, two, key, err)
				}
				if again := convert(key, deref(strategy) == v1.ConversionUnicode); again != key {
					t.Fatalf("%q is converted to %q", key, again)
				}
			}
			for _, name := range []string{one, two} {
				if checkKey(name) == nil && err == nil && !bytes.Equal(out[name].Bytes(), in[name].Bytes()) {
					t.Fatalf("the name %q is a key and was not kept", name)
				}
			}
		}
	})
}
