package metrics

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// Dashboards and alerts that were made for External Secrets Operator find the names, types and labels that they ask for.
func TestNamesOfESO(t *testing.T) {
	object := []string{"name", "namespace"}
	condition := []string{"condition", "name", "namespace", "status"}
	want := map[string]struct {
		kind   string
		labels []string
	}{
		"externalsecret_sync_calls_total":              {"COUNTER", object},
		"externalsecret_sync_calls_error":              {"COUNTER", object},
		"externalsecret_status_condition":              {"GAUGE", condition},
		"externalsecret_reconcile_duration":            {"GAUGE", object},
		"externalsecret_provider_api_calls_count":      {"COUNTER", []string{"call", "provider", "status"}},
		"secretstore_status_condition":                 {"GAUGE", condition},
		"secretstore_reconcile_duration":               {"GAUGE", object},
		"clustersecretstore_status_condition":          {"GAUGE", condition},
		"clustersecretstore_reconcile_duration":        {"GAUGE", object},
		"controller_runtime_reconcile_total":           {"COUNTER", []string{"controller", "result"}},
		"controller_runtime_reconcile_errors_total":    {"COUNTER", []string{"controller"}},
		"controller_runtime_reconcile_panics_total":    {"COUNTER", []string{"controller"}},
		"controller_runtime_reconcile_time_seconds":    {"HISTOGRAM", []string{"controller"}},
		"controller_runtime_active_workers":            {"GAUGE", []string{"controller"}},
		"controller_runtime_max_concurrent_reconciles": {"GAUGE", []string{"controller"}},
	}
	m := New()
	m.ExternalSecretSynced("team", "db", false, time.Millisecond)
	m.RequestDone("onepassword", source.Load, "", time.Millisecond)
	for kind := range prefixes {
		m.StoreChecked(kind, "team", "db", time.Millisecond)
		m.StoreCondition(kind, "team", "db", corev1.ConditionTrue)
	}
	m.Workers(v1.ExternalSecretKind, 16)
	m.Working(v1.ExternalSecretKind)("success")

	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(m))
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		expected, ok := want[family.GetName()]
		if !ok {
			continue
		}
		delete(want, family.GetName())
		require.Equal(t, expected.kind, family.GetType().String(), family.GetName())
		for _, series := range family.GetMetric() {
			labels := []string{}
			for _, label := range series.GetLabel() {
				labels = append(labels, label.GetName())
			}
			slices.Sort(labels)
			require.Equal(t, expected.labels, labels, family.GetName())
		}
	}
	require.Empty(t, want, "these are missing")
}

func BenchmarkWorking(b *testing.B) {
	m := New()
	m.Workers(v1.ExternalSecretKind, 16)
	b.ReportAllocs()
	for b.Loop() {
		m.Working(v1.ExternalSecretKind)("requeue_after")
	}
}
