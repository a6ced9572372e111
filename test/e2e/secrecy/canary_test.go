package secrecy

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// forms are the ways in which a canary may stand in a text: as it is, in hex, and in base64 at each of its three
// alignments, without the letters that its neighbours share.
func forms(canary string) [][]byte {
	all := [][]byte{[]byte(canary), []byte(hex.EncodeToString([]byte(canary)))}
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString(append(make([]byte, shift), canary...))
		all = append(all, []byte(encoded[4:len(encoded)-4]))
	}
	return all
}

// requireNone fails for each canary that is found in text.
func (c canaries) requireNone(t *testing.T, place string, text []byte) {
	t.Helper()
	for what, canary := range c {
		for _, form := range forms(canary) {
			if at := bytes.Index(text, form); at >= 0 {
				t.Errorf("%s holds %s: ...%q...", place, what, text[max(0, at-120):min(len(text), at+60)])
				break
			}
		}
	}
}

// requireNoneBelow looks into every file below a directory.
func (c canaries) requireNoneBelow(t *testing.T, dir string) {
	t.Helper()
	for path, text := range filesBelow(t, dir) {
		c.requireNone(t, path, text)
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
	c := canaries{}
	value := c.mark("a value")
	for shift := range 5 {
		text := fmt.Sprintf("before%s%s", bytes.Repeat([]byte{'-'}, shift), value)
		found := false
		for _, form := range forms(value) {
			found = found || bytes.Contains([]byte(base64.StdEncoding.EncodeToString([]byte(text+"after"))), form)
		}
		require.True(t, found, "in base64 at %d", shift)
	}
	require.True(t, bytes.Contains([]byte(hex.EncodeToString([]byte("  "+value))), forms(value)[1]))
}
