package moving

import (
	"context"
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

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// page has the commands.
const page = "docs/operations/operate.md"

// commands are the indented blocks below a heading of the page, in their order.
func commands(t *testing.T, heading string) []string {
	t.Helper()
	root, err := controlplane.RepositoryRoot()
	require.NoError(t, err)
	body, err := os.ReadFile(filepath.Join(root, page))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(body), "\n## "+heading+"\n")
	require.True(t, found, "%s has a section %q", page, heading)
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	block := ""
	for line := range strings.SplitSeq(section+"\n", "\n") {
		command, isCommand := strings.CutPrefix(line, "       ")
		switch {
		case isCommand:
			block += command + "\n"
		case block != "":
			blocks = append(blocks, block)
			block = ""
		}
	}
	return blocks
}

// shell runs a block of commands as a person would, in a folder.
func shell(t *testing.T, dir, block string) {
	t.Helper()
	kubectl := env.ControlPlane.Paths().Kubectl
	cmd := exec.CommandContext(t.Context(), "bash", "-o", "errexit", "-o", "pipefail", "-c", block)
	cmd.Dir = dir
	cmd.Env = []string{
		"HOME=" + dir, "KUBECONFIG=" + env.ControlPlane.AdminKubeconfig(),
		"PATH=" + filepath.Dir(kubectl) + string(os.PathListSeparator) + os.Getenv("PATH"),
	}
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", block, output)
}

// operatorKinds are ESO's that serve external-secrets.io/v1.
var operatorKinds = []struct {
	kind  string
	scope string
}{
	{"ExternalSecret", "Namespaced"}, {"SecretStore", "Namespaced"}, {"ClusterSecretStore", "Cluster"}, {"ClusterExternalSecret", "Cluster"},
}

// installOperator defines ESO's kinds as its installation does, without their schema, and its webhooks.
func installOperator(t *testing.T) {
	t.Helper()
	k := env.Kubectl(t)
	var crds string
	for _, kind := range operatorKinds {
		singular := strings.ToLower(kind.kind)
		crds += fmt.Sprintf(`
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[1]ss.external-secrets.io}
spec:
  group: external-secrets.io
  scope: %[3]s
  names: {plural: %[1]ss, singular: %[1]s, kind: %[2]s}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`, singular, kind.kind, kind.scope)
	}
	k.Apply(crds)
	for _, name := range []string{"externalsecret-validate", "secretstore-validate"} {
		k.Apply(fmt.Sprintf(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: %s}
webhooks:
- name: validate.external-secrets.io
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Ignore
  clientConfig: {service: {name: eso-webhook, namespace: default}}
  rules: [{apiGroups: [external-secrets.io], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [none]}]
`, name))
	}
	framework.Eventually(t, "ESO's kinds are served", func(context.Context) error {
		for _, kind := range operatorKinds {
			if _, stderr, err := k.Do("", "get", strings.ToLower(kind.kind)+"s", "-A"); err != nil {
				return fmt.Errorf("%s: %w", stderr, err)
			}
		}
		return nil
	})
}

// uninstallServer takes this server away with all that it stored: its volume and the record of it.
func uninstallServer(t *testing.T) {
	t.Helper()
	env.Kubectl(t).Run("delete", "apiservice", "v1.external-secrets.io")
	env.Server.Stop(t)
	require.NoError(t, os.RemoveAll(env.Server.DataDir()))
	env.Kubectl(t).In("external-secrets").Run("delete", "configmap", "external-secrets-apiserver-store")
}

// find is a Secret of the tenant as it stands.
func find(ctx context.Context, t *testing.T, f *framework.Tenant, name string) (*corev1.Secret, error) {
	t.Helper()
	return env.Host(t).CoreV1().Secrets(f.Namespace).Get(ctx, name, metav1.GetOptions{})
}

func standing(t *testing.T, f *framework.Tenant, name string) *corev1.Secret {
	t.Helper()
	found, err := find(t.Context(), t, f, name)
	require.NoError(t, err)
	return found
}

// collectorFollows waits until the garbage collector watches the kind that is served now: it alone takes the finalizer off an
// object whose dependants are to be orphaned.
func collectorFollows(t *testing.T, f *framework.Tenant) {
	t.Helper()
	f.Kubectl.Apply("{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: mark}, spec: {}}")
	f.Kubectl.Run("delete", "externalsecret", "mark", "--cascade=orphan", "--timeout=90s")
}

// collected waits until the garbage collector has deleted a Secret.
func collected(t *testing.T, f *framework.Tenant, name string) {
	t.Helper()
	framework.Eventually(t, "Secret "+name+" is collected", func(ctx context.Context) error {
		_, err := find(ctx, t, f, name)
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is there (%v)", err)
	})
}
