package observability

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

// What the ServiceMonitor of the chart has Prometheus do: it comes with the token of its service account, and knows the
// server by its name and the authority that vouches for it. kube-apiserver is scraped as it is in most clusters.
const configuration = `
global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 2s}
rule_files: [%[1]s/rules.yaml]
scrape_configs:
- job_name: external-secrets-apiserver
  scheme: https
  honor_labels: true
  authorization: {credentials_file: %[1]s/token}
  tls_config: {ca_file: %[1]s/ca.crt, server_name: external-secrets-apiserver.external-secrets.svc}
  static_configs: [{targets: [%[2]s], labels: {service: external-secrets-apiserver, namespace: external-secrets}}]
- job_name: apiserver
  scheme: https
  authorization: {credentials_file: %[1]s/token}
  tls_config: {ca_file: %[1]s/ca.crt}
  static_configs: [{targets: [%[3]s]}]
`

// instance is a running Prometheus.
type instance struct {
	client *http.Client
	url    string
	// promtool is the program of its version.
	promtool string
}

// startPrometheus runs Prometheus until the test ends. Its targets are addresses; rules are in the form of a file of rules.
func startPrometheus(t *testing.T, token, rules string, targets ...string) *instance {
	t.Helper()
	// Without what discovers targets in clouds it is built in half of the time.
	binary, err := controlplane.Tool(t.Context(), "prometheus", os.Stderr, "-tags=remove_all_sd")
	require.NoError(t, err)
	dir := t.TempDir()
	cert, key, ca, err := env.ControlPlane.ServingCert("127.0.0.1")
	require.NoError(t, err)
	for name, content := range map[string]string{
		"token": token, "rules.yaml": rules, "ca.crt": string(ca), "tls.crt": string(cert), "tls.key": string(key),
		"web.yaml": "tls_server_config: {cert_file: tls.crt, key_file: tls.key}\n",
		"prometheus.yaml": fmt.Sprintf(configuration, dir, quoted(targets),
			strings.TrimPrefix(env.ControlPlane.APIServerURL(), "https://")),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	program, err := env.ControlPlane.NewProgram(controlplane.ProgramOptions{
		Name: "prometheus",
		Path: binary,
		Args: func(port int) []string {
			return []string{
				"--config.file=" + filepath.Join(dir, "prometheus.yaml"),
				"--web.config.file=" + filepath.Join(dir, "web.yaml"),
				"--web.listen-address=127.0.0.1:" + strconv.Itoa(port),
				"--storage.tsdb.path=" + filepath.Join(dir, "data"),
				"--log.level=warn",
			}
		},
		ReadyPath: "/-/ready",
	})
	require.NoError(t, err)
	require.NoError(t, program.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, program.Stop()) })

	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(ca))
	return &instance{
		client:   &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}},
		url:      "https://127.0.0.1:" + strconv.Itoa(program.Port()),
		promtool: filepath.Join(filepath.Dir(binary), "promtool"),
	}
}

func quoted(targets []string) string {
	quoted := make([]string, len(targets))
	for i, target := range targets {
		quoted[i] = strconv.Quote(strings.TrimPrefix(target, "https://"))
	}
	return strings.Join(quoted, ", ")
}

// scraper makes a service account with the right to scrape, and no other, and returns its token.
func scraper(t *testing.T) string {
	t.Helper()
	namespace := env.Namespace(t)
	kubectl := env.Kubectl(t).In(namespace)
	kubectl.Run("create", "serviceaccount", "prometheus")
	kubectl.Run("create", "clusterrolebinding", "prometheus", "--clusterrole=external-secrets-metrics-reader",
		"--serviceaccount="+namespace+":prometheus")
	return tokenOf(t, namespace, "prometheus")
}

func tokenOf(t *testing.T, namespace, account string) string {
	t.Helper()
	issued, err := env.Host(t).CoreV1().ServiceAccounts(namespace).
		CreateToken(t.Context(), account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	require.NoError(t, err)
	return issued.Status.Token
}

// sample is one series of an answer.
type sample struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"`
}

// number is the value as Prometheus writes it.
func (s sample) number() string {
	text, _ := s.Value[1].(string)
	return text
}

// query evaluates an expression now.
func (p *instance) query(ctx context.Context, expr string) (samples []sample, err error) {
	var answer struct {
		Result []sample `json:"result"`
	}
	err = p.get(ctx, "query", url.Values{"query": {expr}}, &answer)
	return answer.Result, err
}

// get asks the API of Prometheus.
func (p *instance) get(ctx context.Context, what string, parameters url.Values, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/api/v1/"+what+"?"+parameters.Encode(), nil)
	if err != nil {
		return err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	told := struct {
		Error string `json:"error"`
		Data  any    `json:"data"`
	}{Data: answer}
	if err := json.Unmarshal(body, &told); err != nil || told.Error != "" {
		return fmt.Errorf("prometheus answers %s: %s %w", response.Status, told.Error, err)
	}
	return nil
}
