package observability

import (
	"context"
	"errors"
	"fmt"
	"net/url"
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
var row = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\| ([^|]*) \\|")

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
func (s *seen) theDocumentHasAllMetrics(t *testing.T) {
	want := documented(t)
	framework.Eventually(t, "all metrics that are documented are there", func(ctx context.Context) error {
		got, err := s.metrics(ctx)
		if err != nil {
			return err
		}
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

// metrics are those of this project that Prometheus has seen, with their types and the labels that the server gives them.
func (s *seen) metrics(ctx context.Context) (map[string]metric, error) {
	var described map[string][]struct{ Type string }
	if err := s.get(ctx, "metadata", url.Values{"limit": {"10000"}}, &described); err != nil {
		return nil, err
	}
	samples, err := s.query(ctx, `{job="external-secrets-apiserver",__name__=~"(external_secrets|externalsecret|(cluster)?secretstore|controller_runtime)_.*"}`)
	if err != nil {
		return nil, err
	}
	all := map[string]metric{}
	for _, sample := range samples {
		name := sample.Metric["__name__"]
		if _, ok := described[name]; !ok {
			name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		}
		if len(described[name]) == 0 || !isOurs(name) {
			continue
		}
		// An empty label is none: not all series of a metric have the same.
		labels := append(all[name].labels, labelsOf(sample)...)
		slices.Sort(labels)
		all[name] = metric{kind: described[name][0].Type, labels: slices.Compact(labels)}
	}
	return all, nil
}

// labelsOf are the labels of a series without those that the target gives it. An object's namespace stands before the
// target's, which else is that of the server.
func labelsOf(s sample) (own []string) {
	for name, value := range s.Metric {
		switch {
		case name == "__name__", name == "job", name == "instance", name == "service", name == "le":
		case name == "namespace" && value == "external-secrets":
		default:
			own = append(own, name)
		}
	}
	return own
}
