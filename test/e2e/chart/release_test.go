package chart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const apiService = "v1.external-secrets.io"

var apiServices = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}

// release is an installation of the chart.
type release struct {
	namespace, values string
}

// helm runs helm for the release, with values in YAML, and returns what it printed.
func (r release) helm(t *testing.T, command string, args ...string) string {
	t.Helper()
	args = append([]string{command, "external-secrets"}, args...)
	args = append(args, "--namespace="+r.namespace, "--wait", "--timeout=3m")
	if command != "uninstall" {
		root, err := controlplane.RepositoryRoot()
		require.NoError(t, err)
		args = append(args, filepath.Join(root, "artifacts", "chart", "external-secrets-apiserver"), "--values=-")
	}
	cmd := exec.CommandContext(t.Context(), helm, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "KUBECONFIG=" + env.ControlPlane.AdminKubeconfig()}
	cmd.Stdin = strings.NewReader(r.values)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Run(), "helm %s: %s", strings.Join(args, " "), &out)
	return out.String()
}

// restricted is the namespace of the release. No pod runs in it that could do more than it needs.
func (r release) restricted() *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: r.namespace, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
}

// install returns when the kinds are served, and kubectl knows them.
func (r release) install(t *testing.T) (notes string) {
	t.Helper()
	_, err := env.Host(t).CoreV1().Namespaces().Create(t.Context(), r.restricted(), metav1.CreateOptions{})
	require.True(t, err == nil || apierrors.IsAlreadyExists(err), "%v", err)
	notes = r.helm(t, "install")
	require.NoError(t, env.ControlPlane.WaitForAPIService(t.Context(), apiService))
	framework.Eventually(t, "kubectl knows the kinds", func(context.Context) error {
		found, _, err := env.Kubectl(t).Do("", "api-resources", "--api-group=external-secrets.io", "--output=name")
		if err == nil && !strings.Contains(found, "externalsecrets.") {
			err = errors.New("it knows " + found)
		}
		return err
	})
	return notes
}

// uninstall requires that nothing of the installation is left but what outlives it.
func (r release) uninstall(t *testing.T) {
	t.Helper()
	r.helm(t, "uninstall")
	_, err := env.Dynamic(t).Resource(apiServices).Get(t.Context(), apiService, metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err), "the APIService: %v", err)
	require.Empty(t, pods(t, r.namespace))
	roles, err := env.Host(t).RbacV1().ClusterRoles().List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	for i := range roles.Items {
		require.NotContains(t, roles.Items[i].Name, "external-secrets")
	}
}

// app applies an ExternalSecret of the tenant and returns its Secret, once it belongs to it.
func app(t *testing.T, f *framework.Tenant, name string) *corev1.Secret {
	t.Helper()
	f.Kubectl.Apply(fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %s}
spec:
  secretStoreRef: {name: vault}
  dataFrom: [{extract: {key: my-app}}]
`, name))
	return belongs(t, f, name)
}

// belongs waits until the Secret of an ExternalSecret belongs to it.
func belongs(t *testing.T, f *framework.Tenant, name string) *corev1.Secret {
	t.Helper()
	var written *corev1.Secret
	framework.Eventually(t, "Secret "+name+" belongs to its ExternalSecret", func(ctx context.Context) error {
		found, err := env.Host(t).CoreV1().Secrets(f.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if owner := metav1.GetControllerOf(found); owner == nil || owner.UID != f.Stored(t, name).UID {
			return fmt.Errorf("it belongs to %v", owner)
		}
		written = found
		return nil
	})
	return written
}
