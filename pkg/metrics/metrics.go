// Package metrics holds the project's own metrics. What External Secrets Operator (ESO) measures too has its names and
// labels, those of controller-runtime included, so that dashboards and alerts go on working; the rest begins with
// external_secrets_. Nothing in a label comes from a value or from a provider, and only objects and stores have series of
// their own: there is none for a key, a user or a path. docs/operations/monitoring.md lists them all.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics is a prometheus.Collector of everything. It implements what the Sources, the materializer and live reads report
// to, and is safe for concurrent use.
type Metrics struct {
	// objects are by kind.
	objects     map[string]*objects
	controllers controllers
	providers   providers
	reads       reads
	leader      prometheus.Gauge
	tokens      *prometheus.CounterVec
	standing    standing
}

// Labels of more than one series.
const (
	labelName      = "name"
	labelNamespace = "namespace"
	labelKind      = "kind"
	labelStatus    = "status"
	labelProvider  = "provider"
	labelOperation = "operation"
	labelRoute     = "route"
	labelReason    = "reason"
	labelSite      = "site"
)

// New makes Metrics. They show nothing before they are registered, once, with a registry.
func New() *Metrics {
	m := &Metrics{
		objects:     map[string]*objects{},
		controllers: newControllers(),
		providers:   newProviders(),
		reads:       newReads(),
		leader: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "external_secrets_leader", Help: "1 while this process writes Secrets, else 0.",
		}),
		tokens:   counters("external_secrets_serviceaccount_tokens_total", "Requests of tokens of service accounts, by the reason of their failure, empty for none.", labelReason),
		standing: newStanding(),
	}
	for kind, prefix := range prefixes {
		m.objects[kind] = newObjects(prefix)
	}
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

func (m *Metrics) collectors() []prometheus.Collector {
	all := []prometheus.Collector{m.leader, m.tokens, &m.standing}
	all = append(all, m.controllers.collectors()...)
	all = append(all, m.providers.collectors()...)
	all = append(all, m.reads.collectors()...)
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
