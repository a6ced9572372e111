// Package metrics holds the project's own metrics. What External Secrets Operator (ESO) measures too has its names and
// labels, so that dashboards and alerts go on working; the rest begins with external_secrets_. Nothing in a label comes
// from a value or from a provider.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics is a prometheus.Collector of everything. It implements what the Sources and the materializer report to, and is
// safe for concurrent use.
type Metrics struct {
	// objects are by kind.
	objects                  map[string]*objects
	leader                   prometheus.Gauge
	calls, requests, saved   *prometheus.CounterVec
	requestDuration, viewAge *prometheus.HistogramVec
	held                     prometheus.Gauge
	tokens                   *prometheus.CounterVec
	sent, away               *prometheus.CounterVec
	standing                 standing
}

// Labels that ESO has on its series.
const (
	labelName      = "name"
	labelNamespace = "namespace"
	labelCondition = "condition"
	labelStatus    = "status"
	labelProvider  = "provider"
	labelCall      = "call"
	labelOperation = "operation"
	labelReason    = "reason"
	labelWhy       = "why"
	labelSite      = "site"
	labelFor       = "for"
	labelKind      = "kind"
)

// New makes Metrics. They show nothing before they are registered, once, with a registry.
func New() *Metrics {
	m := &Metrics{
		objects: map[string]*objects{},
		leader: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "external_secrets_leader", Help: "1 while this process writes Secrets, else 0.",
		}),
		calls:    counters("externalsecret_provider_api_calls_count", "Calls of providers, by success or error.", labelProvider, labelCall, labelStatus),
		requests: counters("external_secrets_provider_requests_total", "Calls of providers, by the reason of their failure, empty for none.", labelProvider, labelOperation, labelReason),
		saved:    counters("external_secrets_provider_requests_saved_total", "Reads that shared a revalidation which another read caused.", labelProvider),
		sent:     counters("external_secrets_provider_http_requests_total", "Requests that calls of providers made.", labelProvider, labelOperation),
		away:     counters("external_secrets_reads_sent_away_total", "Reads that were answered from what was held, by why the provider was not asked or not waited for.", labelProvider, labelWhy),
		standing: newStanding(),
		requestDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "external_secrets_provider_request_duration_seconds", Help: "How long calls of providers take.",
			Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5},
		}, []string{labelProvider, labelOperation}),
		viewAge: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "external_secrets_view_age_seconds", Help: "How old the pictures are that reads are answered from.",
			Buckets: []float64{0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600},
		}, []string{labelProvider}),
		held: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "external_secrets_held_bytes", Help: "About how much memory what providers showed takes up.",
		}),
		tokens: counters("external_secrets_serviceaccount_tokens_total", "Requests of tokens of service accounts, by the reason of their failure, empty for none.", labelReason),
	}
	for kind, prefix := range prefixes {
		m.objects[kind] = newObjects(prefix)
	}
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func (m *Metrics) collectors() []prometheus.Collector {
	all := []prometheus.Collector{
		m.leader, m.calls, m.requests, m.saved, m.requestDuration, m.viewAge, m.held, m.tokens,
		m.sent, m.away, &m.standing,
	}
	for _, o := range m.objects {
		all = append(all, o)
	}
	return all
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(descriptions chan<- *prometheus.Desc) {
	for _, c := range m.collectors() {
		c.Describe(descriptions)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(series chan<- prometheus.Metric) {
	for _, c := range m.collectors() {
		c.Collect(series)
	}
}
