package infisical

import (
	"bytes"
	"path"
	"strings"
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// FuzzAddress reads any key and any path of a store: a folder is absolute and clean, a name has no slash, and a scope that
// is watched for a key holds its folder.
func FuzzAddress(f *testing.F) {
	for _, s := range [][2]string{
		{"KEY", "/"}, {"/a/b/KEY", "/x"}, {"a/../../..//KEY", "/x/y"}, {"a/", "/"}, {"..", "/x"}, {"", "x/"}, {"/", ""}, {"//a//./KEY", "../x"},
		{"a/\x00/b", "/\xff"}, {"./KEY", "/a b/c%2Fd"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, key, folder string) {
		c := &client{path: cleanFolder(folder), recursive: true}
		clean(t, c.path)
		a, err := c.address(key)
		if err != nil {
			if provider.ReasonOf(err) != provider.Invalid {
				t.Fatalf("%v is %s", err, provider.ReasonOf(err))
			}
			return
		}
		clean(t, a.folder)
		if a.name == "" || a.name == "." || a.name == ".." || strings.Contains(a.name, "/") {
			t.Fatalf("key %q has the name %q", key, a.name)
		}
		if !strings.Contains(key, "/") && a.folder != c.path {
			t.Fatalf("the bare key %q is in %q, not in %q", key, a.folder, c.path)
		}
		// The address says the same again, from wherever it is read.
		again, err := (&client{path: "/elsewhere"}).address(path.Join(a.folder, a.name))
		if err != nil || again != a {
			t.Fatalf("%+v, then %+v (%v)", a, again, err)
		}
		need := provider.Need{Kind: provider.KindValue, Key: key}
		known := []provider.Scope{{Name: c.path, Recursive: true}, {Name: "/elsewhere", Recursive: true}, {Name: "/", Recursive: false}}
		scopes, err := c.Scopes(need, known)
		if err != nil || len(scopes) != 1 || !holds(scopes[0].Name, a.folder) {
			t.Fatalf("%+v is looked for in %+v (%v)", a, scopes, err)
		}
		if !scopes[0].Recursive && scopes[0].Name != a.folder {
			t.Fatalf("%+v is not in %+v", a, scopes)
		}
		clean(t, c.findScope(key).Name)
	})
}

// clean checks that a folder is absolute and in its shortest form.
func clean(t *testing.T, folder string) {
	t.Helper()
	if !path.IsAbs(folder) || path.Clean(folder) != folder {
		t.Fatalf("folder %q", folder)
	}
}

// FuzzPropertyOf looks for anything at any path in any value: the answer is no more than a few times the value, and alike
// each time; an error shows nothing of the value.
func FuzzPropertyOf(f *testing.F) {
	for _, s := range [][2]string{
		{document, "s"}, {`[{"a":[1,2]},{"a":[3]}]`, "#.a|@flatten"}, {`{"a":{"b":null}}`, "a.b"}, {"null", "@this"}, {`"x"`, "@keys"},
		{`{"a*b":1}`, `a\*b`}, {`[1,2,3]`, "#(>1)#"}, {`{"":{"":1}}`, "."}, {"{\"a\":1}\n", "..#"}, {`[]`, "#.#.#"}, {`{"a":"\ud800"}`, "a"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, text, at string) {
		const canary = "canary-7f3a"
		v := value.FromString(text)
		got, err := property(v, "KEY", at)
		again, errAgain := property(v, "KEY", at)
		if (err == nil) != (errAgain == nil) || !bytes.Equal(got.Bytes(), again.Bytes()) {
			t.Fatalf("%q (%v), then %q (%v)", got.Bytes(), err, again.Bytes(), errAgain)
		}
		if err != nil && provider.ReasonOf(err) != provider.Invalid {
			t.Fatalf("%v is %s", err, provider.ReasonOf(err))
		}
		if got.Len() > 4*(len(text)+len(at)) {
			t.Fatalf("%d bytes of %d", got.Len(), len(text))
		}
		hidden := value.FromString(`{"` + canary + `":"` + canary + `",` + text)
		for _, err := range []error{second(property(hidden, "KEY", at)), second(properties(hidden, "KEY", at))} {
			if err != nil && strings.Contains(err.Error(), canary) && !strings.Contains(at, canary) {
				t.Fatalf("the error shows the value: %v", err)
			}
		}
		whole, err := properties(v, "KEY", at)
		size := 0
		for name, one := range whole {
			size += len(name) + one.Len()
		}
		if err == nil && size > 4*(len(text)+len(at)) {
			t.Fatalf("%d bytes of %d", size, len(text))
		}
	})
}

func second[T any](_ T, err error) error { return err }
