package observability

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// seen is a Prometheus that scrapes two servers with a load: the one that serves, and one whose store is not the cluster's.
type seen struct {
	*instance
	*load
}

// Everything that this server counts is seen by a Prometheus that has the right to scrape it and no other, over TLS: the
// dashboard has an answer to each of its queries, and the alerts watch what there is.
func TestPrometheus(t *testing.T) {
	env.Server.Restart(t, "--snapshot-dir="+t.TempDir())
	closed := env.StartUnready(t, "other-store")
	token := scraper(t)
	s := &seen{load: newLoad(t)}
	s.instance = startPrometheus(t, token, impatient(t), env.Server.URL(), closed.URL())
	s.read(t)
	s.eventually(t, `up{job="external-secrets-apiserver"} == 1`, 2)

	t.Run("right", func(t *testing.T) { onlyTheRightToScrape(t, token) })
	t.Run("dashboard", s.everyPanelHasData)
	t.Run("alerts", s.everyAlertWatchesSomething)
	t.Run("firing", s.alertsFire)
	t.Run("document", theDocumentHasAllMetrics)
	t.Run("promtool", s.promtoolPasses)
	t.Run("deletion", s.seriesGoWithTheirObjects)
	t.Run("standstill", s.aServerThatIsGoneIsNoticed)
}

// eventually waits until an expression has so many series, and returns them.
func (s *seen) eventually(t *testing.T, expr string, series int) []sample {
	t.Helper()
	var found []sample
	framework.Eventually(t, fmt.Sprintf("%s has %d series", expr, series), func(ctx context.Context) (err error) {
		if found, err = s.query(ctx, expr); err == nil && len(found) != series {
			err = fmt.Errorf("it has %d: %v", len(found), found)
		}
		return err
	})
	return found
}

// onlyTheRightToScrape: the token opens /metrics and nothing beside it, and nobody gets there without one.
func onlyTheRightToScrape(t *testing.T, token string) {
	config := rest.AnonymousClientConfig(env.Server.Config(t, "nobody"))
	anonymous, err := rest.HTTPClientFor(config)
	require.NoError(t, err)
	config.BearerToken = token
	client, err := rest.HTTPClientFor(config)
	require.NoError(t, err)
	status := func(client *http.Client, path string) int {
		response, err := client.Get(env.Server.URL() + path)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	require.Equal(t, http.StatusOK, status(client, "/metrics"))
	require.Equal(t, http.StatusForbidden, status(anonymous, "/metrics"))
	for _, path := range []string{"/debug/pprof/", "/logs", "/apis/external-secrets.io/v1/externalsecrets", "/apis/external-secrets.io/v1/clustersecretstores"} {
		require.Equal(t, http.StatusForbidden, status(client, path), path)
	}
}

func (s *seen) seriesGoWithTheirObjects(t *testing.T) {
	of := func(name string) string {
		return fmt.Sprintf(`{__name__=~"externalsecret_.*|.*secretstore_.*|external_secrets_store_.*",namespace=%q,name=%q}`, s.Namespace, name)
	}
	// Calls, errors, duration, two of the condition; of a store duration and condition, breaker and age.
	s.eventually(t, of("mail"), 5)
	s.eventually(t, of("broken"), 5)
	s.eventually(t, of("folder"), 5)
	s.Kubectl.Run("delete", "externalsecret", "mail", "broken", "dns", "machine")
	s.Kubectl.Run("delete", "secretstore", "folder")
	for _, gone := range []string{"mail", "broken", "folder"} {
		s.eventually(t, of(gone), 0)
	}
	s.eventually(t, of("db"), 5)
}

// chartDir is a folder of the chart.
func chartDir(t *testing.T, dir string) string {
	t.Helper()
	root, err := controlplane.RepositoryRoot()
	require.NoError(t, err)
	return filepath.Join(root, "artifacts", "chart", "external-secrets-apiserver", dir)
}

// impatient is the file of rules whose alerts fire at once.
func impatient(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(chartDir(t, "alerts"), "external-secrets-apiserver.yaml"))
	require.NoError(t, err)
	return regexp.MustCompile(`(?m)^( +for:) .*$`).ReplaceAllString(string(content), "$1 0s")
}
