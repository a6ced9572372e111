package architecture

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// goPackage is what go list tells about a package of this module. Path and the
// imports of this module are relative to it.
type goPackage struct {
	Path    string
	Name    string
	Imports []string
}

func TestImportDirections(t *testing.T) {
	for _, p := range modulePackages(t) {
		room, layer := roomOf(p.Path)
		if room == "" {
			t.Errorf("%s is in no room of the house: name its place in layers", p.Path)
			continue
		}
		for _, path := range p.Imports {
			imported, below := roomOf(path)
			if imported != "" && imported != room && below >= layer {
				t.Errorf("%s imports %s: %s does not lie below %s", p.Path, path, imported, room)
			}
			checkImporters(t, p.Path, room, path)
			checkKubernetes(t, p.Path, room, path)
		}
	}
}

// TestEveryPackageIsDescribed holds the table of docs/architecture.md against the packages that there are. A package is described
// by itself, or below the one that it is in, by its name in the row of that one.
func TestEveryPackageIsDescribed(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	require.NoError(t, err)
	_, rooms, found := strings.Cut(string(page), "\n## The rooms\n")
	require.True(t, found)
	rooms, _, _ = strings.Cut(rooms, "\n## ")
	for _, p := range modulePackages(t) {
		if !within(p.Path, "pkg") || within(p.Path, "pkg/generated") || within(p.Path, "pkg/apis") {
			continue
		}
		if !describes(rooms, p.Path) {
			t.Errorf("docs/architecture.md does not tell what %s is for", p.Path)
		}
	}
	for _, name := range regexp.MustCompile("`(pkg/[a-z/]+)`").FindAllStringSubmatch(rooms, -1) {
		require.DirExists(t, filepath.Join(root, name[1]))
	}
}

func describes(rooms, path string) bool {
	if strings.Contains(rooms, "`"+path+"`") {
		return true
	}
	for line := range strings.SplitSeq(rooms, "\n") {
		if strings.Contains(line, "`"+filepath.Dir(path)+"`") && strings.Contains(line, "`"+filepath.Base(path)+"`") {
			return true
		}
	}
	return false
}

func checkImporters(t *testing.T, from, room, path string) {
	for _, rule := range importers {
		if within(path, rule.path) && !within(from, rule.path) && !slices.Contains(rule.rooms, room) {
			t.Errorf("%s imports %s, which only %v may: %s", from, path, rule.rooms, rule.why)
		}
	}
}

func checkKubernetes(t *testing.T, from, room, path string) {
	allowed, restricted := kubernetes[room]
	if !restricted || !strings.HasPrefix(path, "k8s.io/") && !strings.HasPrefix(path, "sigs.k8s.io/") {
		return
	}
	if !slices.ContainsFunc(allowed, func(prefix string) bool { return within(path, prefix) }) {
		t.Errorf("%s imports %s: of Kubernetes %s may import %v", from, path, room, allowed)
	}
}

func TestPackageNames(t *testing.T) {
	for _, p := range modulePackages(t) {
		if slices.Contains(emptyNames, p.Name) {
			t.Errorf("%s: the name %q says nothing about what is in it", p.Path, p.Name)
		}
	}
}

// generatedHeader is the line by which the go command knows generated code.
var generatedHeader = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func TestGeneratedCodeHasItsPlaces(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		path, err = filepath.Rel(root, path)
		if err != nil {
			return err
		}
		generated := generatedHeader.Match(content)
		besideTypes := within(path, "pkg/apis") && strings.HasPrefix(filepath.Base(path), "zz_generated.")
		if place := within(path, "pkg/generated") || besideTypes; place != generated {
			t.Errorf("%s: generated is %t, lies where generated code does is %t", path, generated, place)
		}
		seen++
		return nil
	})
	require.NoError(t, err)
	require.NotZero(t, seen)
}

func TestRoomOf(t *testing.T) {
	for path, want := range map[string]string{
		"pkg/provider":               "pkg/provider",
		"pkg/provider/infisical":     "pkg/provider/infisical",
		"pkg/provider/infisical/x":   "pkg/provider/infisical",
		"pkg/providers":              "",
		"pkg/host/secret":            "pkg/host",
		"k8s.io/client-go/rest":      "",
		"test/simulator/harness":     "test",
		"cmd/kubectl-externalsecret": "cmd",
	} {
		room, _ := roomOf(path)
		require.Equal(t, want, room, path)
	}
}

// roomOf returns the room that a path lies in, with the number of its layer, or
// nothing.
func roomOf(path string) (room string, layer int) {
	for n, rooms := range layers {
		for _, candidate := range rooms {
			if within(path, candidate) && len(candidate) > len(room) {
				room, layer = candidate, n
			}
		}
	}
	return room, layer
}

// within reports whether a path is the folder or lies below it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

func modulePackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Imports,Module", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())

	var all []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath, Name string
			Imports          []string
			Module           struct{ Path string }
		}
		err := decoder.Decode(&listed)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		relative := func(path string) string { return strings.TrimPrefix(path, listed.Module.Path+"/") }
		p := goPackage{Path: relative(listed.ImportPath), Name: listed.Name}
		for _, path := range listed.Imports {
			p.Imports = append(p.Imports, relative(path))
		}
		all = append(all, p)
	}
	require.NotEmpty(t, all)
	return all
}
