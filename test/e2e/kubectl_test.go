package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

var columnGap = regexp.MustCompile(` {2,}`)

// rows are the cells of a printed table, its head first.
func rows(table string) [][]string {
	var all [][]string
	for _, line := range strings.Split(strings.TrimRight(table, "\n"), "\n") {
		all = append(all, columnGap.Split(strings.TrimRight(line, " "), -1))
	}
	return all
}

func setReady(t *testing.T, namespace, name, reason string) {
	t.Helper()
	es := stored(t, namespace, name)
	es.Status.Conditions = []v1.ExternalSecretCondition{{
		Type: v1.ExternalSecretReady, Status: "True", Reason: &reason, LastTransitionTime: ptr.To(metav1.Now()),
	}}
	es.Status.RefreshTime = ptr.To(metav1.Now())
	_, err := externalSecrets(t, namespace).UpdateStatus(t.Context(), es, metav1.UpdateOptions{})
	require.NoError(t, err)
}

func TestTables(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	k := env.Kubectl(t).In(namespace)
	k.Apply(manifest("one"))
	setReady(t, namespace, "one", "SecretSynced")

	for _, args := range [][]string{{"get", "es"}, {"get", "es", "one", "-o", "wide"}, {"get", "externalsecrets.v1.external-secrets.io"}} {
		table := rows(k.Run(args...))
		require.Equal(t, []string{"NAME", "STORETYPE", "STORE", "REFRESH INTERVAL", "STATUS", "READY", "LAST SYNC", "LIVE", "AGE"}, table[0])
		row := table[1]
		require.Equal(t, []string{"one", "SecretStore", "idle", "1h0m0s", "SecretSynced", "True"}, row[:6])
		require.Regexp(t, `^\d+[sm]`, row[6])
		require.NotEmpty(t, row[7])
		require.Regexp(t, `^\d+[sm]`, row[8])
	}
	require.Equal(t, []string{"NAME", "AGE", "STATUS", "CAPABILITIES", "READY"}, rows(k.Run("get", "ss"))[0])
	require.Equal(t, "one\n", k.Run("get", "es", "--no-headers", "-o", "custom-columns=:metadata.name"))
	require.Len(t, rows(k.Run("get", "es", "--no-headers")), 1)
	require.Contains(t, k.Run("describe", "es", "one"), "Refresh Interval:  1h0m0s")
	require.Contains(t, k.Run("get", "es", "-o", "name"), "externalsecret.external-secrets.io/one")
	require.Contains(t, k.Run("get", "es", "one", "-L", "tier"), "TIER")
	require.Contains(t, k.Run("get", "es", "--sort-by=.metadata.name"), "one")
}

func TestNamesOfKinds(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	k := env.Kubectl(t).In(namespace)
	k.Apply(manifest("one"))
	category := k.Run("get", "external-secrets")
	require.Contains(t, category, "externalsecret.external-secrets.io/one")
	require.Contains(t, category, "secretstore.external-secrets.io/idle")
	require.NotContains(t, k.Run("get", "all"), "external-secrets")

	resources := map[string][]string{}
	for _, row := range rows(k.Run("api-resources", "--api-group=external-secrets.io", "-o", "wide", "--no-headers")) {
		resources[row[0]] = row[1:]
	}
	const verbs = "create,delete,deletecollection,get,list,patch,update,watch"
	require.Equal(t, map[string][]string{
		"externalsecrets":     {"es", "external-secrets.io/v1", "true", "ExternalSecret", verbs, "external-secrets"},
		"secretstores":        {"ss", "external-secrets.io/v1", "true", "SecretStore", verbs, "external-secrets"},
		"clustersecretstores": {"css", "external-secrets.io/v1", "false", "ClusterSecretStore", verbs, "external-secrets"},
	}, resources)
}

func TestKubectlApply(t *testing.T) {
	t.Parallel()
	for _, mode := range [][]string{nil, {"--server-side"}} {
		namespace := apiNamespace(t)
		k := env.Kubectl(t).In(namespace)
		k.Apply(manifest("one"), mode...)
		created := stored(t, namespace, "one")
		k.Apply(manifest("one"), mode...)
		require.Equal(t, created, stored(t, namespace, "one"), "a second apply changes nothing (%v)", mode)
		require.Empty(t, k.Input(manifest("one"), append([]string{"diff", "-f", "-"}, mode...)...))

		changed := strings.ReplaceAll(manifest("one"), "property: password", "property: user")
		diff, _, err := k.Do(changed, append([]string{"diff", "-f", "-"}, mode...)...)
		require.Error(t, err, "kubectl diff exits 1 where there is a difference")
		require.Contains(t, diff, "+      property: user")
		require.NotContains(t, diff, "live:")

		k.Apply(changed, append([]string{"--dry-run=server"}, mode...)...)
		require.Equal(t, created, stored(t, namespace, "one"))
		k.Apply(changed, mode...)
		after := stored(t, namespace, "one")
		require.Equal(t, "user", *after.Spec.Data[0].RemoteRef.Property)
		require.EqualValues(t, 2, after.Generation)

		k.Input(manifest("one"), "delete", "-f", "-")
	}
}

func TestKubectlWritesOneField(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	k := env.Kubectl(t).In(namespace)
	k.Apply(manifest("one"))
	k.Run("label", "es", "one", "tier=front")
	k.Run("annotate", "es", "one", "note=something")
	k.Run("patch", "es", "one", "--type=merge", "-p", `{"spec":{"refreshInterval":"5m"}}`)
	k.Run("patch", "es", "one", "--type=json", "-p", `[{"op":"add","path":"/spec/data/-","value":{"secretKey":"user","remoteRef":{"key":"database"}}}]`)
	es := stored(t, namespace, "one")
	require.Equal(t, "front", es.Labels["tier"])
	require.Equal(t, "something", es.Annotations["note"])
	require.Equal(t, "5m", *es.Spec.RefreshInterval)
	require.Len(t, es.Spec.Data, 2)

	k.Run("patch", "es", "one", "--subresource=status", "--type=merge", "-p", `{"status":{"syncedResourceVersion":"3-x"}}`)
	require.Equal(t, "3-x", *stored(t, namespace, "one").Status.SyncedResourceVersion)
	require.Contains(t, k.Run("get", "es", "one", "--subresource=status", "-o", "yaml"), "syncedResourceVersion: 3-x")

	k.Input(strings.ReplaceAll(manifest("one"), "key: database", "key: other"), "replace", "-f", "-")
	require.Equal(t, "other", stored(t, namespace, "one").Spec.Data[0].RemoteRef.Key)
}

func TestKubectlWaits(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	k := env.Kubectl(t).In(namespace)
	k.Apply(manifest("one"))
	require.Contains(t, k.Fails("", "wait", "--for=condition=Ready", "es/one", "--timeout=100ms"), "timed out")

	waited := make(chan error, 1)
	go func() {
		_, _, err := k.Do("", "wait", "--for=condition=Ready", "es/one", "--timeout=90s")
		waited <- err
	}()
	setReady(t, namespace, "one", "SecretSynced")
	require.NoError(t, <-waited)
	k.Run("wait", "--for=jsonpath={.status.conditions[0].reason}=SecretSynced", "es/one", "--timeout=60s")

	go func() {
		_, _, err := k.Do("", "wait", "--for=delete", "es/one", "--timeout=90s")
		waited <- err
	}()
	k.Run("delete", "es", "one")
	require.NoError(t, <-waited)
}

func TestKubectlWatches(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	k := env.Kubectl(t).In(namespace)
	k.Apply(manifest("one"))
	next := k.Follow("get", "es", "-w", "--output-watch-events")
	require.Regexp(t, `^EVENT +NAME +STORETYPE`, next())
	require.Regexp(t, `^ADDED +one +SecretStore +idle +1h0m0s`, next())
	k.Run("patch", "es", "one", "--type=merge", "-p", `{"spec":{"refreshInterval":"5m"}}`)
	require.Regexp(t, `^MODIFIED +one +SecretStore +idle +5m`, next())
	k.Apply(manifest("two"))
	require.Regexp(t, `^ADDED +two`, next())
	k.Run("delete", "es", "one")
	require.Regexp(t, `^DELETED +one`, next())
}
