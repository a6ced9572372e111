package materialize

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

// The refresh interval is an hour: what changes arrives because polling sees it.
func TestAChangeArrives(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", "") + `
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: cloudflare}
spec:
  secretStoreRef: {name: folder}
  data: [{secretKey: token, remoteRef: {key: /cert-manager/CLOUDFLARE_API_TOKEN}}]
---` + app("still", `  refreshInterval: "0"`+"\n"))
	f.holds(t, "db", "password", framework.FirstPassword)
	f.holds(t, "cloudflare", "token", "demo-cert-manager-token-not-real")
	f.holds(t, "still", "password", framework.FirstPassword)

	f.SetPassword("changed")
	f.Infisical.SetSecret("home-lab-iwi-y", "prod", "/cert-manager", "CLOUDFLARE_API_TOKEN", "changed too")
	f.holds(t, "db", "password", "changed")
	f.holds(t, "cloudflare", "token", "changed too")
	f.holds(t, "still", "password", framework.FirstPassword) // an interval of 0 fetches once

	framework.Eventually(t, "events tell of it", func(context.Context) error {
		events := f.Kubectl.Run("get", "events", "--field-selector=involvedObject.name=db", "-o", "custom-columns=R:.reason", "--no-headers")
		if !strings.Contains(events, "Created") || !strings.Contains(events, "Updated") {
			return errors.New(events)
		}
		return nil
	})
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", `  refreshInterval: "0"`+"\n"))
	f.holds(t, "db", "password", framework.FirstPassword)
	f.synced(t, "db")
	f.SetPassword("changed")
	refresh := func() v1.ExternalSecretRefresh {
		var answer v1.ExternalSecretRefresh
		path := fmt.Sprintf("/apis/external-secrets.io/v1/namespaces/%s/externalsecrets/db/refresh", f.Namespace)
		require.NoError(t, json.Unmarshal([]byte(f.Kubectl.Input("{}", "create", "--raw", path, "-f", "-")), &answer))
		return answer
	}
	answer := refresh()
	require.Equal(t, v1.RefreshDone, answer.Status.State, answer.Status.Message)
	secret, err := f.secret(t, "db")
	require.NoError(t, err)
	require.Equal(t, "changed", string(secret.Data["password"]), "what was asked for stands when the answer comes")
	require.Nil(t, f.Stored(t, "db").Status.RefreshRequestTime)

	f.Connect.Faults.Add(harness.HTML(502))
	require.Equal(t, v1.RefreshFailed, refresh().Status.State)
	f.holds(t, "db", "password", "changed")
}

func TestASteadyClusterIsNotWritten(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", "  refreshInterval: 1s\n") + "---" +
		app("random", "  refreshInterval: 1s\n  target: {template: {data: {id: '{{ uuidv4 }}', p: '{{ .password }}'}}}\n"))
	f.synced(t, "db")
	f.synced(t, "random")
	versions := func() string {
		var all []string
		for _, name := range []string{"db", "random"} {
			secret, err := f.secret(t, name)
			require.NoError(t, err)
			es, err := env.Clientset(t).ExternalSecretsV1().ExternalSecrets(f.Namespace).Get(t.Context(), name, metav1.GetOptions{})
			require.NoError(t, err)
			all = append(all, secret.ResourceVersion, es.ResourceVersion)
		}
		return strings.Join(all, " ")
	}
	before := versions()
	time.Sleep(12 * time.Second) // a dozen refreshes fall due
	require.Equal(t, before, versions())
}

// Fifty ExternalSecrets on one vault cost what one costs: a probe per poll, and where their interval is shorter than that of
// the polls, at most two per interval.
func TestFiftyCostWhatOneCosts(t *testing.T) {
	t.Parallel()
	for interval, most := range map[time.Duration]int{
		10 * time.Second: 2 * 4,    // three polls, or four: they come a little early; a thorough one costs two
		2 * time.Second:  2*15 + 4, // fifteen intervals, one that was cut, and a thorough poll
	} {
		t.Run(interval.String(), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			var all string
			for i := range 50 {
				all += "---" + app(fmt.Sprintf("db-%d", i), fmt.Sprintf("  refreshInterval: %s\n", interval))
			}
			f.Kubectl.Apply(all)
			for i := range 50 {
				f.synced(t, fmt.Sprintf("db-%d", i))
			}
			f.Connect.Requests.Reset()
			time.Sleep(30 * time.Second)
			require.LessOrEqual(t, f.Connect.Requests.Total(), most, f.Connect.Requests.Counts())
			require.NotZero(t, f.Connect.Requests.Total(), "it is polled")
		})
	}
}

func TestOneLoginForAllStoresOfAnIdentity(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply("{apiVersion: v1, kind: Secret, metadata: {name: refused}, stringData: {id: demo-client-id, secret: wrong}}")
	f.Infisical.Requests.Reset()
	var all string
	for i := range 5 {
		all += fmt.Sprintf(`
---
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: refused-%d}
spec:
  provider:
    infisical:
      hostAPI: %s
      auth:
        universalAuthCredentials:
          clientId: {name: refused, key: id}
          clientSecret: {name: refused, key: secret}
      secretsScope: {projectSlug: home-lab-iwi-y, environmentSlug: prod, secretsPath: /cert-manager}
`, i, f.Infisical.URL())
	}
	f.Kubectl.Apply(all)
	for i := range 5 {
		f.Kubectl.Run("wait", "--for=condition=Ready=False", fmt.Sprintf("secretstore/refused-%d", i), "--timeout=60s")
	}
	require.Equal(t, 1, f.Infisical.Requests.Count(infisical.RouteLogin))

	// The right credential is used at once, although the wrong one has just been refused.
	f.Kubectl.Apply("{apiVersion: v1, kind: Secret, metadata: {name: refused}, stringData: {id: demo-client-id, secret: demo-client-secret}}")
	for i := range 5 {
		f.Kubectl.Run("wait", "--for=condition=Ready", fmt.Sprintf("secretstore/refused-%d", i), "--timeout=60s")
	}
	require.LessOrEqual(t, f.Infisical.Requests.Count(infisical.RouteLogin), 2, "the stores share the login that worked")
}

func TestMendingAStoreHealsItsDependants(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Run("delete", "secretstore", "vault")
	f.Kubectl.Apply(app("db", ""))
	condition := f.ready(t, "db", corev1.ConditionFalse, "SecretSyncedError")
	require.Contains(t, *condition.Message, `SecretStore "vault" does not exist`)
	f.Kubectl.Run("delete", "secret", "token")
	f.Kubectl.Apply(f.Stores())
	framework.Eventually(t, "the missing credential is told", func(context.Context) error {
		message := ptr.Deref(f.Stored(t, "db").Status.Conditions[0].Message, "")
		if !strings.Contains(message, "token") {
			return errors.New(message)
		}
		return nil
	})
	f.Kubectl.Run("create", "secret", "generic", "token", "--from-literal=token="+framework.ConnectToken)
	f.holds(t, "db", "password", framework.FirstPassword)
	f.synced(t, "db")

	// A rotated token is used, and a template that others hold is followed.
	f.Connect.AddToken(connect.Token{Value: "second-token", Vaults: []string{"pitower"}})
	f.Connect.RevokeToken(framework.ConnectToken)
	f.Kubectl.Apply("{apiVersion: v1, kind: Secret, metadata: {name: token}, stringData: {token: second-token}}")
	f.SetPassword("rotated")
	f.holds(t, "db", "password", "rotated")

	f.Kubectl.Apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: template}, data: {file: 'one {{ .password }}'}}")
	f.Kubectl.Apply(app("file", "  target: {template: {templateFrom: [{configMap: {name: template, items: [{key: file}]}}]}}\n"))
	f.holds(t, "file", "file", "one rotated")
	f.Kubectl.Apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: template}, data: {file: 'two {{ .password }}'}}")
	f.holds(t, "file", "file", "two rotated")
}
