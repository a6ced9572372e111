package controlplane

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fakeGo stands for the go command: it knows the versions, and "builds" by
// writing one file per package and a line into $BUILDS.
const fakeGo = `#!/bin/sh
set -eu
if [ "$1" = list ]; then
	case "$5" in
	k8s.io/kubernetes) echo v1.37.9 ;;
	*) echo v3.9.9 ;;
	esac
	exit
fi
echo build >>"$BUILDS"
[ -z "${BUILD_FAILS:-}" ] || { echo "does not compile" >&2; exit 1; }
while [ "$1" != -o ]; do shift; done
for name in server kube-apiserver kube-controller-manager kubectl; do : >"$2$name"; done
`

// fakeRepository makes the working directory a repository whose go command is
// fakeGo, and returns the cache and a function that counts the builds.
func fakeRepository(t *testing.T) (cache string, builds func() int) {
	t.Helper()
	root := t.TempDir()
	bin := filepath.Join(root, "bin")
	module := filepath.Join(root, "hack", "controlplane", "kubernetes-"+Newest)
	deep := filepath.Join(root, "test", "deep")
	for _, dir := range []string{bin, module, deep} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for path, content := range map[string]string{
		filepath.Join(bin, "go"):        fakeGo,
		filepath.Join(module, "go.mod"): "module fake\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	log := filepath.Join(root, "builds")
	cache = filepath.Join(root, "cache")
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("BUILDS", log)
	t.Setenv(envCache, cache)
	t.Setenv(envBinaries, "")
	t.Setenv(envKubernetes, "")
	t.Chdir(deep)
	return cache, func() int {
		content, err := os.ReadFile(log)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return strings.Count(string(content), "build")
	}
}

func TestBinariesAreBuiltOnce(t *testing.T) {
	cache, builds := fakeRepository(t)
	want := filepath.Join(cache, "k8s-v1.37.9_etcd-v3.9.9")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			paths, err := Binaries(t.Context(), "", nil)
			if err != nil {
				t.Error(err)
				return
			}
			if paths.Dir != want {
				t.Errorf("built in %s, want %s", paths.Dir, want)
			}
			if err := paths.missing(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := builds(); got != 1 {
		t.Errorf("%d builds for 4 callers, want 1", got)
	}

	// A folder that lost a file is built again.
	if err := os.Remove(pathsIn(want).Kubectl); err != nil {
		t.Fatal(err)
	}
	if _, err := Binaries(t.Context(), Newest, nil); err != nil {
		t.Fatal(err)
	}
	if got := builds(); got != 2 {
		t.Errorf("%d builds after a file was lost, want 2", got)
	}
}

func TestAFailedBuildLeavesNothing(t *testing.T) {
	cache, _ := fakeRepository(t)
	t.Setenv("BUILD_FAILS", "1")
	var progress strings.Builder
	_, err := Binaries(t.Context(), "", &progress)
	if err == nil || !strings.Contains(err.Error(), "does not compile") {
		t.Fatalf("got the error %v, want the compiler's words", err)
	}
	if !strings.Contains(progress.String(), "does not compile") {
		t.Errorf("the compiler's words are not in %q", progress.String())
	}
	entries, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			t.Errorf("%s was left behind", entry.Name())
		}
	}
}

func TestBinariesOfAnUnknownVersion(t *testing.T) {
	fakeRepository(t)
	_, err := Binaries(t.Context(), "1.2", nil)
	if err == nil || !strings.Contains(err.Error(), "Kubernetes 1.2") {
		t.Errorf("got the error %v, want one that names the version", err)
	}
}

func TestTheEnvironmentNamesTheVersion(t *testing.T) {
	_, builds := fakeRepository(t)
	t.Setenv(envKubernetes, "1.2")
	_, err := Binaries(t.Context(), "", nil)
	if err == nil || !strings.Contains(err.Error(), "Kubernetes 1.2") {
		t.Errorf("got the error %v, want one that names the version", err)
	}
	if _, err := Binaries(t.Context(), Newest, nil); err != nil {
		t.Errorf("a version that the caller names: %v", err)
	}
	if got := builds(); got != 1 {
		t.Errorf("%d builds, want 1", got)
	}
}

func TestBinariesFromADirectory(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(envBinaries, dir)
	if _, err := Binaries(t.Context(), "", nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("got the error %v for an empty folder, want one that names it", err)
	}
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kubectl"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	paths, err := Binaries(t.Context(), "", nil)
	if err != nil || paths != pathsIn(dir) {
		t.Errorf("got %v, %v", paths, err)
	}
}

func TestVersionStamp(t *testing.T) {
	flags := release{kubernetes: "v1.34.10"}.ldflags()
	for _, want := range []string{
		"-X k8s.io/component-base/version.gitVersion=v1.34.10",
		"-X k8s.io/component-base/version.gitMajor=1",
		"-X k8s.io/component-base/version.gitMinor=34 ",
		"-X k8s.io/client-go/pkg/version.gitVersion=v1.34.10",
	} {
		if !strings.Contains(flags+" ", want) {
			t.Errorf("%q does not hold %q", flags, want)
		}
	}
}
