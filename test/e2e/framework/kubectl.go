package framework

import (
	"strings"
	"testing"

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

// Do runs kubectl with something on its standard input, which "-f -" reads.
func (k Kubectl) Do(stdin string, args ...string) (stdout, stderr string, err error) {
	if k.namespace != "" {
		args = append([]string{"--namespace=" + k.namespace}, args...)
	}
	return k.env.ControlPlane.KubectlInput(k.t.Context(), k.kubeconfig, strings.NewReader(stdin), args...)
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
