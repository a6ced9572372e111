package observability

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

type dashboard struct {
	Panels []struct {
		Type    string
		Title   string
		Targets []struct{ Expr string }
	}
	Templating struct {
		List []struct{ Name, Type, Query string }
	}
}

func dashboards(t *testing.T) (all []dashboard) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chartDir(t, "dashboards"), "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var d dashboard
		require.NoError(t, json.Unmarshal(content, &d), file)
		all = append(all, d)
	}
	return all
}

// variables are what Grafana puts in: all namespaces, stores and controllers, and a minute to take rates over.
var variables = strings.NewReplacer("$namespace", ".*", "$store", ".*", "$controller", ".*", "$__rate_interval", "1m")

// everyPanelHasData evaluates the query of each panel, and lists it with its value.
func (s *seen) everyPanelHasData(t *testing.T) {
	var listed strings.Builder
	lines := tabwriter.NewWriter(&listed, 0, 0, 2, ' ', 0)
	for _, d := range dashboards(t) {
		for _, v := range d.Templating.List {
			if v.Type == "query" {
				s.eachValueOf(t, v.Query)
			}
		}
		for _, p := range d.Panels {
			require.True(t, p.Type == "row" || len(p.Targets) > 0, p.Title)
			for _, target := range p.Targets {
				value := "(not served here)"
				if s.isServed(t, target.Expr) {
					value = s.valueOf(t, p.Title, variables.Replace(target.Expr))
				}
				fmt.Fprintf(lines, "%s\t%s\t%s\n", p.Title, value, target.Expr)
			}
		}
	}
	require.NoError(t, lines.Flush())
	t.Logf("every panel, with the first of its series, and its query:\n%s", listed.String())
}

// valueOf waits until an expression has a value, and shows the first.
func (s *seen) valueOf(t *testing.T, title, expr string) (value string) {
	t.Helper()
	framework.Eventually(t, title+" has data: "+expr, func(ctx context.Context) error {
		samples, err := s.query(ctx, expr)
		if err != nil {
			return err
		}
		for _, sample := range samples {
			// The quotient of two zeros, or a quantile of nothing.
			if sample.number() != "NaN" {
				value = fmt.Sprintf("%s of %d", sample.number(), len(samples))
				return nil
			}
		}
		return fmt.Errorf("there are %d series and no number", len(samples))
	})
	return value
}

// eachValueOf checks that a variable has values to choose from: label_values(metric, label).
func (s *seen) eachValueOf(t *testing.T, query string) {
	t.Helper()
	metric, label, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(query, "label_values("), ")"), ", ")
	require.True(t, ok, query)
	framework.Eventually(t, query+" has values", func(ctx context.Context) error {
		samples, err := s.query(ctx, metric)
		if err != nil {
			return err
		}
		for _, sample := range samples {
			if sample.Metric[label] != "" {
				return nil
			}
		}
		return errors.New("there are none")
	})
}
