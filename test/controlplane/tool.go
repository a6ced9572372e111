package controlplane

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Tool returns the path of a program that tests run beside the control plane: the folder of hack/controlplane that has the name
// is a module whose tool it is. Like [Binaries] it builds what the cache does not hold, and says so on progress, which may be
// nil.
func Tool(ctx context.Context, name string, progress io.Writer) (string, error) {
	root, err := RepositoryRoot()
	if err != nil {
		return "", fmt.Errorf("building %s: %w", name, err)
	}
	if progress == nil {
		progress = io.Discard
	}
	t := tool{name: name, module: filepath.Join(root, "hack", "controlplane", name)}
	path, err := t.cached(ctx, progress)
	if err != nil {
		return "", fmt.Errorf("building %s: %w", name, err)
	}
	return path, nil
}

type tool struct{ name, module string }

// cached builds the program unless its version is in the cache. Of several builders one builds and the others wait.
func (t tool) cached(ctx context.Context, progress io.Writer) (path string, err error) {
	version, err := t.goCommand(ctx, "list", "-f", "{{.Module.Version}}", "tool")
	if err != nil {
		return "", err
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, t.name+"_"+strings.TrimSpace(version))
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
	fmt.Fprintf(progress, "building %s %s into %s (once; a minute or two)\n", t.name, strings.TrimSpace(version), dir)
	// The go command puts a binary in its place when it is complete.
	_, err = t.goCommand(ctx, "build", "-trimpath", "-ldflags=-s -w", "-o", dir+string(filepath.Separator), "tool")
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
