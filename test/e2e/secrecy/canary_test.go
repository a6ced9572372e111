package secrecy

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// canaries are values that no one else would write, by what they stand for. They come to light in many encodings.
type canaries map[string]string

// mark makes a canary. Its letters survive in JSON, YAML and URLs as they are.
func (c canaries) mark(what string) string {
	c[what] = "canary" + hex.EncodeToString([]byte(what)) + "x"
	return c[what]
}

// forms are the ways in which a canary may stand in a text: as it is, which JSON, YAML and URLs leave its letters; with each
// letter escaped; in hex; as fmt prints bytes; in base64 at each of its three alignments, without the letters that its
// neighbours share; and all of that in base64 once more, as in the JSON of a Secret that holds one.
func forms(canary string) [][]byte {
	plain := []byte(canary)
	lower := hex.EncodeToString(plain)
	all := [][]byte{
		plain, []byte(lower), []byte(strings.ToUpper(lower)), []byte(strings.Trim(fmt.Sprintf("%d", plain), "[]")),
		escaped(plain, "%%%02X"), escaped(plain, "%%%02x"), escaped(plain, `\u%04x`), escaped(plain, `\x%02x`),
	}
	for _, once := range inBase64(plain) {
		all = append(all, once)
		all = append(all, inBase64(once)...)
	}
	// Short ones are in every text.
	return slices.DeleteFunc(all, func(form []byte) bool { return len(form) < shortest })
}

const shortest = 8

func escaped(text []byte, format string) []byte {
	var out bytes.Buffer
	for _, letter := range text {
		fmt.Fprintf(&out, format, letter)
	}
	return out.Bytes()
}

func inBase64(text []byte) (all [][]byte) {
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString(append(make([]byte, shift), text...))
		inner := encoded[4 : len(encoded)-4]
		all = append(all, []byte(inner))
		if inURL := strings.NewReplacer("+", "-", "/", "_").Replace(inner); inURL != inner {
			all = append(all, []byte(inURL))
		}
	}
	return all
}

// find is where the canary stands in a text, in whatever form; negative where it does not.
func find(canary string, text []byte) int {
	for _, form := range forms(canary) {
		if at := bytes.Index(text, form); at >= 0 {
			return at
		}
	}
	return -1
}

// requireNone fails for each canary that is found in text.
func (c canaries) requireNone(t *testing.T, place string, text []byte) {
	t.Helper()
	for what, canary := range c {
		if at := find(canary, text); at >= 0 {
			t.Errorf("%s holds %s: ...%q...", place, what, text[max(0, at-120):min(len(text), at+60)])
		}
	}
}

func filesBelow(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files[path] = text
		return nil
	}))
	require.NotEmpty(t, files, "there is something in %s", dir)
	return files
}

// A search that finds nothing proves something only if it finds what is there.
func TestTheSearchFinds(t *testing.T) {
	value := canaries{}.mark("a value")
	for shift := range 5 {
		text := []byte(strings.Repeat("-", shift) + value + "after")
		standard := base64.StdEncoding.EncodeToString(text)
		for name, form := range map[string]string{
			"as it is":            string(text),
			"as bytes":            fmt.Sprintf("%d", text),
			"quoted":              fmt.Sprintf("%q", text),
			"in a URL":            url.QueryEscape(" " + string(text) + "&"),
			"in a URL, all of it": string(escaped(text, "%%%02X")),
			"in JSON, escaped":    string(escaped(text, `\u%04x`)),
			"in hex":              fmt.Sprintf("%x", text),
			"in HEX":              fmt.Sprintf("%X", text),
			"in base64":           standard,
			"in base64 of URLs":   base64.RawURLEncoding.EncodeToString(text),
			"in base64, twice":    base64.StdEncoding.EncodeToString([]byte("x" + standard)),
		} {
			require.GreaterOrEqual(t, find(value, []byte(form)), 0, "%s at %d", name, shift)
		}
	}
	require.Negative(t, find(value, []byte("another value")))
}
