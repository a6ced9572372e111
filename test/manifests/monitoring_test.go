package manifests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const alert = `groups:
- name: example
  rules:
  - alert: Example
    expr: up == 0
    annotations:
      summary: "{{ $labels.name }} is down"
`

// Each file of dashboards/ and alerts/ is in the cluster as it is in the file: what stands in braces is Grafana's and
// Prometheus' to read.
func TestMonitoring(t *testing.T) {
	const dashboard = "{\"title\": \"{{name}}\"}\n"
	dir := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.CopyFS(dir, os.DirFS(chart)))
	for file, content := range map[string]string{"dashboards/example.json": dashboard, "alerts/example.yaml": alert} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600))
	}
	for _, enabled := range []string{"grafana: {enabled: true}", "grafanaDashboard: {enabled: true}"} {
		rendered, complaint, err := templateOf(t, dir, enabled+`
prometheusRule: {enabled: true, renderMode: alwaysRender, additionalLabels: {release: prometheus}}
`)
		require.NoError(t, err, complaint)
		known, others := ours(rendered)
		var found bool
		for _, object := range all[*corev1.ConfigMap](parse(t, known)) {
			if object.Name == "example-dashboard" {
				found = true
				require.Equal(t, map[string]string{"example.json": dashboard}, object.Data)
				require.Equal(t, "1", object.Labels["grafana_dashboard"])
			}
		}
		require.True(t, found)

		found = false
		for _, other := range others {
			if !strings.Contains(other, "  name: example\n") {
				continue
			}
			found = true
			var rule struct {
				Metadata struct{ Labels map[string]string }
				Spec     any
			}
			var want any
			require.NoError(t, yaml.Unmarshal([]byte(other), &rule))
			require.NoError(t, yaml.Unmarshal([]byte(alert), &want))
			require.Equal(t, want, rule.Spec)
			require.Equal(t, "prometheus", rule.Metadata.Labels["release"])
		}
		require.True(t, found)
	}
}
