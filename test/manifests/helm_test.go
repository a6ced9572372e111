package manifests

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

var chart = filepath.Join(artifacts, "chart", name)

// helm runs helm without anything of the caller's configuration.
func helm(t *testing.T, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	path, err := controlplane.Tool(t.Context(), "helm", t.Output())
	require.NoError(t, err)
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errOut
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

// template renders the chart with values in YAML.
func template(t *testing.T, values string, args ...string) (rendered, complaint string, err error) {
	t.Helper()
	return templateOf(t, chart, values, args...)
}

// templateOf is template for a copy of the chart.
func templateOf(t *testing.T, chart, values string, args ...string) (rendered, complaint string, err error) {
	t.Helper()
	return helm(t, values, append([]string{"template", name, chart, "--namespace", namespace, "--values", "-"}, args...)...)
}

// render is template where it must not fail.
func render(t *testing.T, values string, args ...string) string {
	t.Helper()
	rendered, complaint, err := template(t, values, args...)
	require.NoError(t, err, complaint)
	return rendered
}

// ours are the documents whose types this module has: those of the cluster and of this server.
func ours(rendered string) (known string, others []string) {
	var documents []string
	for document := range strings.SplitSeq("\n"+rendered, "\n---\n") {
		switch {
		case strings.TrimSpace(document) == "":
		case strings.Contains(document, "apiVersion: cert-manager.io/"), strings.Contains(document, "apiVersion: monitoring.coreos.com/"):
			others = append(others, document)
		default:
			documents = append(documents, document)
		}
	}
	return strings.Join(documents, "\n---\n"), others
}

// withoutHooks leaves out what Helm makes for a moment only.
func withoutHooks(m manifests) manifests {
	return slices.DeleteFunc(slices.Clone(m), func(object runtime.Object) bool {
		meta, ok := object.(metav1.Object)
		return ok && meta.GetAnnotations()["helm.sh/hook"] != ""
	})
}
