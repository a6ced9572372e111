package metrics

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// shows compares all series of some names with what they are to be.
func shows(t *testing.T, m *Metrics, want string, names ...string) {
	t.Helper()
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(m))
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(want), names...))
}

func TestSeriesOfExternalSecrets(t *testing.T) {
	m := New()
	m.ExternalSecretSynced("team", "db", false, time.Millisecond)
	m.ExternalSecretSynced("team", "db", true, 2*time.Millisecond)
	m.ExternalSecretCondition("team", "db", corev1.ConditionTrue)
	m.ExternalSecretCondition("team", "db", corev1.ConditionFalse)
	all := []string{"externalsecret_sync_calls_total", "externalsecret_sync_calls_error", "externalsecret_status_condition", "externalsecret_reconcile_duration"}
	shows(t, m, `
# HELP externalsecret_reconcile_duration Nanoseconds that the last look took.
# TYPE externalsecret_reconcile_duration gauge
externalsecret_reconcile_duration{name="db",namespace="team"} 2e+06
# HELP externalsecret_status_condition 1 for the status that a condition has, 0 for the other.
# TYPE externalsecret_status_condition gauge
externalsecret_status_condition{condition="Ready",name="db",namespace="team",status="False"} 1
externalsecret_status_condition{condition="Ready",name="db",namespace="team",status="True"} 0
# HELP externalsecret_sync_calls_error Looks at an ExternalSecret that is not as it should be.
# TYPE externalsecret_sync_calls_error counter
externalsecret_sync_calls_error{name="db",namespace="team"} 1
# HELP externalsecret_sync_calls_total Looks at an ExternalSecret, those that found nothing to do included.
# TYPE externalsecret_sync_calls_total counter
externalsecret_sync_calls_total{name="db",namespace="team"} 2
`, all...)

	m.ForgetExternalSecret("team", "db")
	shows(t, m, "", all...)
}

func TestSeriesOfStores(t *testing.T) {
	m := New()
	m.StoreChecked(v1.ClusterSecretStoreKind, "", "vault", time.Microsecond)
	m.StoreCondition(v1.ClusterSecretStoreKind, "", "vault", corev1.ConditionTrue)
	m.StoreCondition(v1.SecretStoreKind, "team", "vault", corev1.ConditionFalse)
	all := []string{"secretstore_status_condition", "clustersecretstore_status_condition", "clustersecretstore_reconcile_duration"}
	shows(t, m, `
# HELP clustersecretstore_reconcile_duration Nanoseconds that the last look took.
# TYPE clustersecretstore_reconcile_duration gauge
clustersecretstore_reconcile_duration{name="vault",namespace=""} 1000
# HELP clustersecretstore_status_condition 1 for the status that a condition has, 0 for the other.
# TYPE clustersecretstore_status_condition gauge
clustersecretstore_status_condition{condition="Ready",name="vault",namespace="",status="False"} 0
clustersecretstore_status_condition{condition="Ready",name="vault",namespace="",status="True"} 1
# HELP secretstore_status_condition 1 for the status that a condition has, 0 for the other.
# TYPE secretstore_status_condition gauge
secretstore_status_condition{condition="Ready",name="vault",namespace="team",status="False"} 1
secretstore_status_condition{condition="Ready",name="vault",namespace="team",status="True"} 0
`, all...)

	m.ForgetStore(v1.SecretStoreKind, "team", "vault")
	m.ForgetStore(v1.ClusterSecretStoreKind, "", "vault")
	shows(t, m, "", all...)
}

func TestWhoLeadsShowsObjects(t *testing.T) {
	m := New()
	m.Leading(true)
	m.ExternalSecretCondition("team", "db", corev1.ConditionTrue)
	require.InDelta(t, 1, testutil.ToFloat64(m.leader), 0)
	m.Leading(false)
	shows(t, m, `
# HELP external_secrets_leader 1 while this process writes Secrets, else 0.
# TYPE external_secrets_leader gauge
external_secrets_leader 0
`, "external_secrets_leader", "externalsecret_status_condition")
}

func TestSeriesOfProviders(t *testing.T) {
	m := New()
	m.RequestDone("onepassword", source.Revalidate, "", time.Millisecond)
	m.RequestDone("onepassword", source.Revalidate, provider.Unavailable, time.Second)
	m.RevalidationSaved("onepassword")
	m.Held(1 << 10)
	shows(t, m, `
# HELP external_secrets_held_bytes About how much memory what providers showed takes up.
# TYPE external_secrets_held_bytes gauge
external_secrets_held_bytes 1024
# HELP external_secrets_provider_requests_saved_total Reads that shared a revalidation which another read caused.
# TYPE external_secrets_provider_requests_saved_total counter
external_secrets_provider_requests_saved_total{provider="onepassword"} 1
# HELP external_secrets_provider_requests_total Calls of providers, by the reason of their failure, empty for none.
# TYPE external_secrets_provider_requests_total counter
external_secrets_provider_requests_total{operation="revalidate",provider="onepassword",reason=""} 1
external_secrets_provider_requests_total{operation="revalidate",provider="onepassword",reason="Unavailable"} 1
# HELP externalsecret_provider_api_calls_count Calls of providers, by success or error.
# TYPE externalsecret_provider_api_calls_count counter
externalsecret_provider_api_calls_count{call="revalidate",provider="onepassword",status="error"} 1
externalsecret_provider_api_calls_count{call="revalidate",provider="onepassword",status="success"} 1
`, "external_secrets_held_bytes", "external_secrets_provider_requests_saved_total", "external_secrets_provider_requests_total", "externalsecret_provider_api_calls_count")
	m.RequestSent("onepassword", source.Revalidate)
	m.RequestSent("onepassword", source.Revalidate)
	m.SentAway("onepassword", source.NoShare)
	shows(t, m, `
# HELP external_secrets_provider_http_requests_total Requests that calls of providers made.
# TYPE external_secrets_provider_http_requests_total counter
external_secrets_provider_http_requests_total{operation="revalidate",provider="onepassword"} 2
# HELP external_secrets_reads_sent_away_total Reads that were answered from what was held, by why the provider was not asked or not waited for.
# TYPE external_secrets_reads_sent_away_total counter
external_secrets_reads_sent_away_total{provider="onepassword",why="barred"} 0
external_secrets_reads_sent_away_total{provider="onepassword",why="budget"} 0
external_secrets_reads_sent_away_total{provider="onepassword",why="crowded"} 0
external_secrets_reads_sent_away_total{provider="onepassword",why="paused"} 0
external_secrets_reads_sent_away_total{provider="onepassword",why="share"} 1
external_secrets_reads_sent_away_total{provider="onepassword",why="time"} 0
`, "external_secrets_provider_http_requests_total", "external_secrets_reads_sent_away_total", "external_secrets_site_tokens")
	require.Equal(t, 1, testutil.CollectAndCount(m.providers.callDuration))
	m.ViewAge("onepassword", time.Second)
	require.Equal(t, 1, testutil.CollectAndCount(m.providers.viewAge))
}

func TestSeriesOfRequests(t *testing.T) {
	m := New()
	for _, status := range []int{200, 304, 299, 418, 599, 0, 7, -1} {
		m.RequestAnswered("infisical", "GET /secrets", status, time.Millisecond)
	}
	shows(t, m, `
# HELP external_secrets_provider_http_answers_total Requests that ended, by their HTTP status, or none where there was no answer.
# TYPE external_secrets_provider_http_answers_total counter
external_secrets_provider_http_answers_total{code="200",provider="infisical",route="GET /secrets"} 1
external_secrets_provider_http_answers_total{code="2xx",provider="infisical",route="GET /secrets"} 1
external_secrets_provider_http_answers_total{code="304",provider="infisical",route="GET /secrets"} 1
external_secrets_provider_http_answers_total{code="4xx",provider="infisical",route="GET /secrets"} 1
external_secrets_provider_http_answers_total{code="5xx",provider="infisical",route="GET /secrets"} 1
external_secrets_provider_http_answers_total{code="none",provider="infisical",route="GET /secrets"} 1
external_secrets_provider_http_answers_total{code="other",provider="infisical",route="GET /secrets"} 2
`, "external_secrets_provider_http_answers_total")
	require.Equal(t, 1, testutil.CollectAndCount(m.providers.requestDuration))
}

func TestSeriesOfReads(t *testing.T) {
	m := New()
	m.LiveRead("list", map[string]int{"InSync": 5, "Drifted": 1}, time.Second)
	m.LiveRead("get", map[string]int{"InSync": 1}, time.Millisecond)
	shows(t, m, `
# HELP external_secrets_live_reads_total ExternalSecrets that live reads showed, by the state that they showed; for reads of values Shown, or why not.
# TYPE external_secrets_live_reads_total counter
external_secrets_live_reads_total{read="get",state="InSync"} 1
external_secrets_live_reads_total{read="list",state="Drifted"} 1
external_secrets_live_reads_total{read="list",state="InSync"} 5
`, "external_secrets_live_reads_total")
	require.Equal(t, 2, testutil.CollectAndCount(m.reads.duration))
}

func TestSeriesOfControllers(t *testing.T) {
	m := New()
	m.Workers(v1.SecretStoreKind, 8)
	done := m.Working(v1.SecretStoreKind)
	require.InDelta(t, 1, testutil.ToFloat64(m.controllers.active), 0)
	done("error")
	m.Working(v1.SecretStoreKind)("panic")
	m.Working(v1.SecretStoreKind)("requeue_after")
	shows(t, m, `
# HELP controller_runtime_active_workers Workers that look at an object now.
# TYPE controller_runtime_active_workers gauge
controller_runtime_active_workers{controller="secretstore"} 0
# HELP controller_runtime_max_concurrent_reconciles Workers that there are. Those of both kinds of stores are the same.
# TYPE controller_runtime_max_concurrent_reconciles gauge
controller_runtime_max_concurrent_reconciles{controller="secretstore"} 8
# HELP controller_runtime_reconcile_errors_total Looks at objects that are not as they should be.
# TYPE controller_runtime_reconcile_errors_total counter
controller_runtime_reconcile_errors_total{controller="secretstore"} 2
# HELP controller_runtime_reconcile_panics_total Looks that ended in a panic, which is a bug.
# TYPE controller_runtime_reconcile_panics_total counter
controller_runtime_reconcile_panics_total{controller="secretstore"} 1
# HELP controller_runtime_reconcile_total Looks at objects, by what came of them.
# TYPE controller_runtime_reconcile_total counter
controller_runtime_reconcile_total{controller="secretstore",result="error"} 2
controller_runtime_reconcile_total{controller="secretstore",result="requeue"} 0
controller_runtime_reconcile_total{controller="secretstore",result="requeue_after"} 1
controller_runtime_reconcile_total{controller="secretstore",result="success"} 0
`, "controller_runtime_active_workers", "controller_runtime_max_concurrent_reconciles", "controller_runtime_reconcile_errors_total",
		"controller_runtime_reconcile_panics_total", "controller_runtime_reconcile_total")
}

func TestSeriesOfSites(t *testing.T) {
	m := New()
	m.Watch(func() source.State {
		return source.State{
			Budgets: []source.Budget{{Site: "us.infisical.com", Polls: 10, Callers: -2, Paused: true}},
			Stores: []source.StoreState{
				{Kind: v1.SecretStoreKind, Namespace: "team", Name: "vault", Provider: "onepassword", Barred: true, Age: 3 * time.Second, Kept: true},
				{Kind: v1.ClusterSecretStoreKind, Name: "folder", Provider: "infisical"},
			},
		}
	})
	shows(t, m, `
# HELP external_secrets_site_paused 1 while a provider's host that has a limit wants to be left alone, else 0.
# TYPE external_secrets_site_paused gauge
external_secrets_site_paused{site="us.infisical.com"} 1
# HELP external_secrets_site_tokens Requests that may be sent at once to a provider's host that has a limit, for polls and for callers; below zero where more were sent than there is.
# TYPE external_secrets_site_tokens gauge
external_secrets_site_tokens{for="callers",site="us.infisical.com"} -2
external_secrets_site_tokens{for="polls",site="us.infisical.com"} 10
# HELP external_secrets_stores_barred Stores whose provider missed a deadline, or refused the credential, and has not answered since.
# TYPE external_secrets_stores_barred gauge
external_secrets_stores_barred{kind="ClusterSecretStore"} 0
external_secrets_stores_barred{kind="SecretStore"} 1
# HELP external_secrets_store_breaker_open 1 while nobody waits for the store's provider, which missed a deadline or refused the credential, else 0.
# TYPE external_secrets_store_breaker_open gauge
external_secrets_store_breaker_open{kind="ClusterSecretStore",name="folder",namespace="",provider="infisical"} 0
external_secrets_store_breaker_open{kind="SecretStore",name="vault",namespace="team",provider="onepassword"} 1
# HELP external_secrets_store_view_age_seconds How old the oldest picture is that the leader keeps up to date for a store's ExternalSecrets.
# TYPE external_secrets_store_view_age_seconds gauge
external_secrets_store_view_age_seconds{kind="SecretStore",name="vault",namespace="team",provider="onepassword"} 3
`, "external_secrets_site_paused", "external_secrets_site_tokens", "external_secrets_stores_barred",
		"external_secrets_store_breaker_open", "external_secrets_store_view_age_seconds")
}

func TestSeriesOfQueueAndFence(t *testing.T) {
	m := New()
	var queued map[string]int
	closed, disagrees := true, true
	m.WatchQueue(func() map[string]int { return queued })
	m.WatchFence(func() (bool, bool) { return closed, disagrees })
	names := []string{"external_secrets_queue_depth", "external_secrets_fence_closed", "external_secrets_fence_disagrees"}
	fence := `
# HELP external_secrets_fence_closed 1 while requests for objects are refused and nothing is written, else 0.
# TYPE external_secrets_fence_closed gauge
external_secrets_fence_closed %d
# HELP external_secrets_fence_disagrees 1 while the store is not the one that the cluster has on record, and somebody has to decide, else 0.
# TYPE external_secrets_fence_disagrees gauge
external_secrets_fence_disagrees %d
`
	shows(t, m, fmt.Sprintf(fence, 1, 1), names...)
	queued, closed, disagrees = map[string]int{"first": 2, "due": 0}, false, false
	shows(t, m, fmt.Sprintf(fence, 0, 0)+`
# HELP external_secrets_queue_depth ExternalSecrets that wait for a worker of the leader, by why they do.
# TYPE external_secrets_queue_depth gauge
external_secrets_queue_depth{class="due"} 0
external_secrets_queue_depth{class="first"} 2
`, names...)
}
