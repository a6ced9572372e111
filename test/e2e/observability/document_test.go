package observability

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// metric is a row of a table of docs/operations/monitoring.md.
type metric struct {
	kind   string
	labels []string
}

// row of a table: | `name` | type | labels | ...
var row = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\|([^|]*)\\|")

// heading of an alert: ### Name
var heading = regexp.MustCompile(`(?m)^### (\w+)$`)

var label = regexp.MustCompile("`([a-z_]+)`")

func document(t *testing.T) string {
	t.Helper()
	root, err := controlplane.RepositoryRoot()
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(root, "docs", "operations", "monitoring.md"))
	require.NoError(t, err)
	return string(content)
}

func documented(t *testing.T) map[string]metric {
	t.Helper()
	all := map[string]metric{}
	for _, found := range row.FindAllStringSubmatch(document(t), -1) {
		m := metric{kind: found[2], labels: []string{}}
		for _, l := range label.FindAllStringSubmatch(found[3], -1) {
			m.labels = append(m.labels, l[1])
		}
		slices.Sort(m.labels)
		require.NotContains(t, all, found[1], "described once")
		all[found[1]] = m
	}
	return all
}

// isOurs tells the metrics of this project, ESO's names among them, from those of Kubernetes and Go.
func isOurs(name string) bool {
	for _, prefix := range []string{"external_secrets_", "externalsecret_", "secretstore_", "clustersecretstore_", "controller_runtime_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// theDocumentHasAllMetrics, with their types and labels, and has none that there is not; and it says of each alert what to do.
func theDocumentHasAllMetrics(t *testing.T) {
	want := documented(t)
	framework.Eventually(t, "all metrics that are documented are there", func(context.Context) error {
		got := served(t)
		var wrong []error
		for name, m := range want {
			if fmt.Sprint(got[name]) != fmt.Sprint(m) {
				wrong = append(wrong, fmt.Errorf("%s is %v, and documented as %v", name, got[name], m))
			}
		}
		for name := range got {
			require.Contains(t, want, name, "docs/operations/monitoring.md")
		}
		return errors.Join(wrong...)
	})

	var told, names []string
	for _, found := range heading.FindAllStringSubmatch(document(t), -1) {
		told = append(told, found[1])
	}
	for _, a := range alerts(t) {
		names = append(names, a.Alert)
	}
	require.ElementsMatch(t, names, told, "docs/operations/monitoring.md has each alert once")
}

// typed is the line of /metrics that says which type a metric has, labelled the name of each label of a line with a series.
var (
	typed    = regexp.MustCompile(`^# TYPE (\w+) (\w+)$`)
	labelled = regexp.MustCompile(`[{,](\w+)="`)
)

// served are the metrics of this project that the server shows, with their types and labels.
func served(t *testing.T) map[string]metric {
	t.Helper()
	_, text := env.Server.Fetch(t, "/metrics")
	all, name := map[string]metric{}, ""
	for line := range strings.Lines(string(text)) {
		if found := typed.FindStringSubmatch(strings.TrimSpace(line)); found != nil {
			name = found[1]
			if isOurs(name) {
				all[name] = metric{kind: found[2], labels: []string{}}
			}
		}
		m, ours := all[name]
		if !ours || strings.HasPrefix(line, "#") {
			continue
		}
		for _, found := range labelled.FindAllStringSubmatch(line, -1) {
			// le is what makes a histogram.
			if found[1] != "le" {
				m.labels = append(m.labels, found[1])
			}
		}
		slices.Sort(m.labels)
		m.labels = slices.Compact(m.labels)
		all[name] = m
	}
	return all
}
