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
	"text/tabwriter"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

type alert struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

func alerts(t *testing.T) (all []alert) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chartDir(t, "alerts"), "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var rules struct {
			Groups []struct {
				Name  string
				Rules []alert
			}
		}
		require.NoError(t, yaml.UnmarshalStrict(content, &rules), file)
		for _, group := range rules.Groups {
			all = append(all, group.Rules...)
		}
	}
	return all
}

// comparison is what an alert compares with, at the end of its expression.
var comparison = regexp.MustCompile(`(?s)^(.*) (?:==|<|>) [0-9.]+$`)

// watched is what an alert watches: its expression without the comparison.
func (a alert) watched(t *testing.T) string {
	t.Helper()
	parts := comparison.FindStringSubmatch(a.Expr)
	require.Len(t, parts, 2, "%s ends in a comparison with a number", a.Alert)
	// What is absent has no series; that which must not be does.
	if inner, ok := strings.CutPrefix(parts[1], "absent("); ok {
		return strings.TrimSuffix(inner, ")")
	}
	return parts[1]
}

// everyAlertWatchesSomething evaluates what each alert watches, and lists it with its value: an alert on a series that is not
// there would never fire.
func (s *seen) everyAlertWatchesSomething(t *testing.T) {
	var listed strings.Builder
	lines := tabwriter.NewWriter(&listed, 0, 0, 2, ' ', 0)
	for _, a := range alerts(t) {
		require.NotEmpty(t, a.Labels["severity"], a.Alert)
		require.NotEmpty(t, a.Annotations["summary"], a.Alert)
		require.NotEmpty(t, a.Annotations["description"], a.Alert)
		value := "(not served here)"
		if s.isServed(t, a.Expr) {
			value = s.valueOf(t, a.Alert, a.watched(t))
		}
		fmt.Fprintf(lines, "%s\t%s\t%s\n", a.Alert, value, a.Expr)
	}
	require.NoError(t, lines.Flush())
	t.Logf("every alert, with the first series of what it watches, and its expression:\n%s", listed.String())
}

// alertsFire: those whose cause the load has, with the annotations that people read. testdata/alerts.yaml has all of them.
func (s *seen) alertsFire(t *testing.T) {
	for _, want := range []struct{ alert, summary string }{
		{"ExternalSecretSyncErrors", "ExternalSecret " + s.Namespace + "/broken fails again and again."},
		{"ExternalSecretNotReady", "ExternalSecret " + s.Namespace + "/broken is not ready."},
		{"SecretStoreNotReady", "SecretStore " + s.Namespace + "/refused cannot be used."},
		{"ClusterSecretStoreNotReady", "ClusterSecretStore shut cannot be used."},
		{"ExternalSecretsBreakerOpen", "The provider of SecretStore " + s.Namespace + "/refused does not answer, or refuses the credential."},
		{"ExternalSecretsFenceClosed", "external-secrets-apiserver does not serve its store."},
	} {
		s.fires(t, want.alert, want.summary)
	}
}

// aServerThatIsGoneIsNoticed, by kube-apiserver and because nobody writes Secrets.
func (s *seen) aServerThatIsGoneIsNoticed(t *testing.T) {
	env.Server.Stop(t)
	defer env.Server.Start(t)
	s.fires(t, "ExternalSecretsNoLeader", "No replica writes Secrets.")
	s.fires(t, "ExternalSecretsAPIUnavailable", "kube-apiserver cannot reach external-secrets-apiserver.")
}

func (s *seen) fires(t *testing.T, name, summary string) {
	t.Helper()
	type active struct {
		State               string
		Labels, Annotations map[string]string
	}
	framework.Eventually(t, name+" fires", func(ctx context.Context) error {
		var answer struct{ Alerts []active }
		if err := s.get(ctx, "alerts", nil, &answer); err != nil {
			return err
		}
		if slices.ContainsFunc(answer.Alerts, func(a active) bool {
			return a.Labels["alertname"] == name && a.State == "firing" && a.Annotations["summary"] == summary
		}) {
			return nil
		}
		return errors.New("it does not")
	})
}
