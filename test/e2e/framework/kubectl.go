package framework

import (
	"bufio"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Kubectl runs kubectl as somebody, in a namespace.
type Kubectl struct {
	t          testing.TB
	env        *Environment
	kubeconfig string
	namespace  string
}

// Kubectl returns a Kubectl that may do everything, in the namespace default.
func (e *Environment) Kubectl(t testing.TB) Kubectl {
	return Kubectl{t: t, env: e, kubeconfig: e.ControlPlane.AdminKubeconfig()}
}

// In returns k in another namespace.
func (k Kubectl) In(namespace string) Kubectl {
	k.namespace = namespace
	return k
}

// As returns k as a user with a certificate of its own.
func (k Kubectl) As(user string, groups ...string) Kubectl {
	k.t.Helper()
	kubeconfig, err := k.env.ControlPlane.Kubeconfig(user, groups...)
	require.NoError(k.t, err)
	k.kubeconfig = kubeconfig
	return k
}

// args are the arguments of kubectl in k's namespace.
func (k Kubectl) args(args []string) []string {
	if k.namespace == "" {
		return args
	}
	return append([]string{"--namespace=" + k.namespace}, args...)
}

// Do runs kubectl with something on its standard input, which "-f -" reads.
func (k Kubectl) Do(stdin string, args ...string) (stdout, stderr string, err error) {
	return k.env.ControlPlane.KubectlInput(k.t.Context(), k.kubeconfig, strings.NewReader(stdin), k.args(args)...)
}

// Run returns what kubectl wrote to its standard output.
func (k Kubectl) Run(args ...string) string {
	k.t.Helper()
	return k.Input("", args...)
}

// Input is Run with something on kubectl's standard input.
func (k Kubectl) Input(stdin string, args ...string) string {
	k.t.Helper()
	stdout, _, err := k.Do(stdin, args...)
	require.NoError(k.t, err)
	return stdout
}

// Apply applies manifests with further arguments.
func (k Kubectl) Apply(manifests string, args ...string) string {
	k.t.Helper()
	return k.Input(manifests, append([]string{"apply", "-f", "-"}, args...)...)
}

// Fails returns what kubectl wrote to its standard error when it failed, as it is
// expected to.
func (k Kubectl) Fails(stdin string, args ...string) string {
	k.t.Helper()
	stdout, stderr, err := k.Do(stdin, args...)
	require.Error(k.t, err, "kubectl %s wrote %s", strings.Join(args, " "), stdout)
	return stderr
}

// Follow runs kubectl until the test ends, as in "get -w". next returns the next
// line that it writes, and fails the test when none comes.
func (k Kubectl) Follow(args ...string) (next func() string) {
	k.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(k.t.Context()))
	cmd := k.env.ControlPlane.KubectlCommand(ctx, k.kubeconfig, k.args(args)...)
	output, err := cmd.StdoutPipe()
	require.NoError(k.t, err)
	require.NoError(k.t, cmd.Start())
	lines := make(chan string, 1024)
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(lines)
		for scanner := bufio.NewScanner(output); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	k.t.Cleanup(func() {
		cancel()
		<-read
		// It was interrupted: that it says so is no news.
		_ = cmd.Wait()
	})
	return func() string {
		k.t.Helper()
		select {
		case line, ok := <-lines:
			require.True(k.t, ok, "kubectl %s has ended", strings.Join(args, " "))
			return line
		case <-time.After(waitLimit):
			require.FailNow(k.t, "kubectl writes nothing", strings.Join(args, " "))
			return ""
		}
	}
}
