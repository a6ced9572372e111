package controlplane

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The ends of what this project is made for, as Kubernetes minor versions. Every
// folder hack/controlplane/kubernetes-<minor> is a version that can be named.
const (
	Newest = "1.37"
	Oldest = "1.34"
)

const (
	// envKubernetes names the minor version where the caller names none.
	envKubernetes = "CONTROLPLANE_KUBERNETES"
	// envCache replaces the directory that holds one folder per built version.
	envCache = "CONTROLPLANE_CACHE"
	// envBinaries names a directory that already holds the four binaries; nothing
	// is looked up or built then.
	envBinaries = "CONTROLPLANE_BINARIES"
)

const (
	etcdModule       = "go.etcd.io/etcd/server/v3"
	kubernetesModule = "k8s.io/kubernetes"
)

// Kubernetes is the minor version that is run where none is named: what the
// environment variable CONTROLPLANE_KUBERNETES says, or else the newest.
func Kubernetes() string { return cmp.Or(os.Getenv(envKubernetes), Newest) }

// Paths locates the binaries of one control plane version.
type Paths struct {
	Dir                   string
	Etcd                  string
	KubeAPIServer         string
	KubeControllerManager string
	Kubectl               string
}

func pathsIn(dir string) Paths {
	return Paths{
		Dir:                   dir,
		Etcd:                  filepath.Join(dir, "etcd"),
		KubeAPIServer:         filepath.Join(dir, "kube-apiserver"),
		KubeControllerManager: filepath.Join(dir, "kube-controller-manager"),
		Kubectl:               filepath.Join(dir, "kubectl"),
	}
}

// missing returns an error that names the first binary that is not there.
func (p Paths) missing() error {
	for _, path := range []string{p.Etcd, p.KubeAPIServer, p.KubeControllerManager, p.Kubectl} {
		if _, err := os.Stat(path); err != nil {
			return err
		}
	}
	return nil
}

// Binaries returns the binaries of a Kubernetes minor version ("1.37"; empty
// means that of [Kubernetes]). It builds them when the cache does not hold them,
// which takes minutes, and says so on progress, which may be nil.
//
// It must be called with a working directory inside this repository, unless the
// environment variable CONTROLPLANE_BINARIES names a directory that holds the
// binaries. CONTROLPLANE_CACHE moves the cache, which else lies in the user's
// cache directory.
func Binaries(ctx context.Context, kubernetes string, progress io.Writer) (Paths, error) {
	if dir := os.Getenv(envBinaries); dir != "" {
		paths := pathsIn(dir)
		if err := paths.missing(); err != nil {
			return Paths{}, fmt.Errorf("looking for the control plane's binaries where %s says: %w", envBinaries, err)
		}
		return paths, nil
	}
	if kubernetes == "" {
		kubernetes = Kubernetes()
	}
	if progress == nil {
		progress = io.Discard
	}
	release, err := findRelease(ctx, kubernetes)
	if err != nil {
		return Paths{}, fmt.Errorf("finding what to build for Kubernetes %s: %w", kubernetes, err)
	}
	cache, err := cacheDir()
	if err != nil {
		return Paths{}, err
	}
	paths := pathsIn(filepath.Join(cache, release.name()))
	if paths.missing() == nil {
		return paths, nil
	}
	if err := release.buildInto(ctx, paths.Dir, progress); err != nil {
		return Paths{}, fmt.Errorf("building the binaries of Kubernetes %s: %w", release.kubernetes, err)
	}
	return paths, nil
}

func cacheDir() (string, error) {
	if dir := os.Getenv(envCache); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the user's cache directory (%s may name another): %w", envCache, err)
	}
	return filepath.Join(dir, "external-secrets-apiserver", "controlplane"), nil
}

// release is one set of versions that is built together.
type release struct {
	module     string // folder of the go.mod that requires the versions
	kubernetes string // "v1.37.2"
	etcd       string // "v3.7.0"
}

func findRelease(ctx context.Context, kubernetes string) (release, error) {
	root, err := RepositoryRoot()
	if err != nil {
		return release{}, err
	}
	r := release{module: filepath.Join(root, "hack", "controlplane", "kubernetes-"+kubernetes)}
	if r.kubernetes, err = r.version(ctx, kubernetesModule); err != nil {
		return release{}, err
	}
	r.etcd, err = r.version(ctx, etcdModule)
	return r, err
}

// RepositoryRoot walks up from the working directory to the folder that holds
// hack/controlplane.
func RepositoryRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, "hack", "controlplane", "kubernetes-"+Newest, "go.mod"))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no folder above %s holds hack/controlplane", start)
		}
	}
}

func (r release) version(ctx context.Context, module string) (string, error) {
	var stderr bytes.Buffer
	cmd := r.goCommand(ctx, "list", "-m", "-f", "{{.Version}}", module)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("reading the version of %s from %s: %w\n%s", module, r.module, err, &stderr)
	}
	return strings.TrimSpace(string(out)), nil
}

// name is the release's folder in the cache.
func (r release) name() string {
	return fmt.Sprintf("k8s-%s_etcd-%s", r.kubernetes, r.etcd)
}

// buildInto builds the release and puts it at dir in one step, so that dir is
// either absent or complete. Of several builders one builds and the others wait.
func (r release) buildInto(ctx context.Context, dir string, progress io.Writer) error {
	cache := filepath.Dir(dir)
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	unlock, err := lockFile(ctx, filepath.Join(cache, "."+r.name()+".lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if pathsIn(dir).missing() == nil {
		return nil
	}

	fmt.Fprintf(progress, "building etcd %s and Kubernetes %s into %s (once; some minutes)\n", r.etcd, r.kubernetes, dir)
	began := time.Now()
	// The lock makes what lies there the remains of a builder that was killed.
	building := filepath.Join(cache, ".building-"+r.name())
	if err := os.RemoveAll(building); err != nil {
		return err
	}
	if err := os.Mkdir(building, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(building)
	if err := r.build(ctx, building, progress); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing an incomplete folder: %w", err)
	}
	if err := os.Rename(building, dir); err != nil {
		return err
	}
	fmt.Fprintf(progress, "built in %s\n", time.Since(began).Round(time.Second))
	return nil
}

func (r release) build(ctx context.Context, dir string, progress io.Writer) error {
	cmd := r.goCommand(ctx, "build", "-trimpath", "-ldflags", r.ldflags(), "-o", dir+string(filepath.Separator),
		etcdModule,
		kubernetesModule+"/cmd/kube-apiserver",
		kubernetesModule+"/cmd/kube-controller-manager",
		kubernetesModule+"/cmd/kubectl",
	)
	var output bytes.Buffer
	both := io.MultiWriter(progress, &output)
	cmd.Stdout, cmd.Stderr = both, both
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build in %s: %w\n%s", r.module, err, lastLines(output.Bytes()))
	}
	// The go command names a binary after the last element of its package's path.
	if err := os.Rename(filepath.Join(dir, "server"), pathsIn(dir).Etcd); err != nil {
		return err
	}
	return pathsIn(dir).missing()
}

// ldflags stamps the version: a module build leaves it v0.0.0, and kubectl
// refuses to compare itself with such a server.
func (r release) ldflags() string {
	major, rest, _ := strings.Cut(strings.TrimPrefix(r.kubernetes, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	flags := []string{"-s", "-w"}
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		flags = append(flags,
			"-X", pkg+".gitVersion="+r.kubernetes,
			"-X", pkg+".gitMajor="+major,
			"-X", pkg+".gitMinor="+minor)
	}
	return strings.Join(flags, " ")
}

func (r release) goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = r.module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	// On an interrupt the go command ends its compilers and removes its work folder.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}
