package controlplane

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds a main package of this repository, named by its folder
// ("cmd/example"), which may be a module of its own, into bin/<output>, and
// returns the path. flags are those of "go build". Test binaries that run at the
// same time build it once.
func Build(ctx context.Context, folder, output string, flags ...string) (string, error) {
	root, err := RepositoryRoot()
	if err != nil {
		return "", fmt.Errorf("building %s: %w", folder, err)
	}
	path := filepath.Join(root, "bin", output)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("building %s: %w", folder, err)
	}
	unlock, err := lockFile(ctx, path+".lock")
	if err != nil {
		return "", fmt.Errorf("building %s: %w", folder, err)
	}
	defer unlock()
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build", "-o", path}, flags...), ".")...)
	cmd.Dir = filepath.Join(root, folder)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", folder, err, lastLines(said.Bytes()))
	}
	return path, nil
}
