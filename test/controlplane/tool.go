package controlplane

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Tool returns the path of a program that tests run beside the control plane: the folder of hack/controlplane that has the name
// is a module whose tool it is. The module's other tools are built with it, and lie beside it. Like [Binaries] it builds what
// the cache does not hold, and says so on progress, which may be nil. flags are those of "go build".
func Tool(ctx context.Context, name string, progress io.Writer, flags ...string) (string, error) {
	root, err := RepositoryRoot()
	if err != nil {
		return "", fmt.Errorf("building %s: %w", name, err)
	}
	if progress == nil {
		progress = io.Discard
	}
	t := tool{name: name, module: filepath.Join(root, "hack", "controlplane", name)}
	path, err := t.cached(ctx, progress, flags)
	if err != nil {
		return "", fmt.Errorf("building %s: %w", name, err)
	}
	return path, nil
}

type tool struct{ name, module string }

// cached builds the program unless its version is in the cache. Of several builders one builds and the others wait.
func (t tool) cached(ctx context.Context, progress io.Writer, flags []string) (path string, err error) {
	versions, err := t.goCommand(ctx, "list", "-f", "{{.Module.Version}}", "tool")
	if err != nil {
		return "", err
	}
	// All tools are of one module.
	version, _, _ := strings.Cut(versions, "\n")
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, t.name+"_"+version)
	path = filepath.Join(dir, t.name)
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	unlock, err := lockFile(ctx, filepath.Join(cache, "."+filepath.Base(dir)+".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fmt.Fprintf(progress, "building %s %s into %s (once; a minute or two)\n", t.name, version, dir)
	// The go command puts binaries in their place when they are complete.
	args := slices.Concat([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", dir + string(filepath.Separator)}, flags, []string{"tool"})
	_, err = t.goCommand(ctx, args...)
	return path, err
}

func (t tool) goCommand(ctx context.Context, args ...string) (output string, err error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = t.module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s in %s: %w\n%s", args[0], t.module, err, lastLines(said.Bytes()))
	}
	return out.String(), nil
}
