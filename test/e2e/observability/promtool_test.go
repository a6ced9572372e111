package observability

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// tests of alerts that promtool runs.
const alertTests = "testdata/alerts.yaml"

// promtoolPasses checks the rules, runs their tests, of which there is one for each alert, and checks what the server shows.
func (s *seen) promtoolPasses(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(chartDir(t, "alerts"), "*.yaml"))
	require.NoError(t, err)
	_, err = s.run(t, nil, append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, files...)...)
	require.NoError(t, err)

	content, err := os.ReadFile(alertTests)
	require.NoError(t, err)
	var tested struct{ Tests []struct{ Name string } }
	require.NoError(t, yaml.Unmarshal(content, &tested))
	names := []string{}
	for _, test := range tested.Tests {
		names = append(names, test.Name)
	}
	for _, a := range alerts(t) {
		require.Contains(t, names, a.Alert, alertTests)
	}
	_, err = s.run(t, nil, "test", "rules", alertTests)
	require.NoError(t, err)

	status, metrics := env.Server.Fetch(t, "/metrics")
	require.Equal(t, 200, status)
	said, _ := s.run(t, metrics, "check", "metrics")
	for line := range strings.Lines(said) {
		name, _, _ := strings.Cut(line, " ")
		require.False(t, isOurs(name) && !namedByESO[name], "promtool check metrics: %s", line)
	}
}

// namedByESO are metrics whose names promtool does not like, and whose names they are.
var namedByESO = map[string]bool{
	"externalsecret_sync_calls_error":         true,
	"externalsecret_provider_api_calls_count": true,
}

// run runs promtool, and returns what it wrote.
func (s *seen) run(t *testing.T, stdin []byte, args ...string) (said string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.promtool, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	t.Logf("promtool %s: %s", strings.Join(args[:2], " "), out)
	return string(out), err
}
