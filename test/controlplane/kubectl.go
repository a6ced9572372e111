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
	"time"
)

// Kubectl runs kubectl with a kubeconfig and nothing else of the caller's
// configuration: home, cache and variables are the control plane's own. The
// error of a failed command holds what it wrote to stderr.
func (cp *ControlPlane) Kubectl(ctx context.Context, kubeconfig string, args ...string) (stdout, stderr string, err error) {
	return cp.KubectlInput(ctx, kubeconfig, nil, args...)
}

// KubectlInput is Kubectl with something on its standard input, as in
// "apply -f -".
func (cp *ControlPlane) KubectlInput(ctx context.Context, kubeconfig string, stdin io.Reader, args ...string) (stdout, stderr string, err error) {
	var out, errOut bytes.Buffer
	cmd := cp.KubectlCommand(ctx, kubeconfig, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &errOut
	if err := cmd.Run(); err != nil {
		return out.String(), errOut.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errOut.String()))
	}
	return out.String(), errOut.String(), nil
}

// KubectlCommand is the command that Kubectl runs, for those who read what it
// writes while it runs.
func (cp *ControlPlane) KubectlCommand(ctx context.Context, kubeconfig string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, cp.paths.Kubectl, args...)
	cmd.Env = append(environment(cp.options.Dir),
		"KUBECONFIG="+kubeconfig,
		"KUBECACHEDIR="+filepath.Join(cp.options.Dir, "kubectl-cache"),
	)
	// A watch that is over because ctx is over ends as at a terminal.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}
