package metrics

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// providers are metrics of what Sources ask, and of what they answer from.
type providers struct {
	calls, requests, saved, sent, answers, away *prometheus.CounterVec
	callDuration, requestDuration, viewAge      *prometheus.HistogramVec
	held                                        prometheus.Gauge
	// met are the names of providers that were heard of.
	met sync.Map
}

const (
	labelCall = "call"
	labelCode = "code"
	labelWhy  = "why"
)

var (
	requestBuckets = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}
	ageBuckets     = []float64{0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600}
)

func newProviders() providers {
	return providers{
		calls:    counters("externalsecret_provider_api_calls_count", "Calls of providers, by success or error.", labelProvider, labelCall, labelStatus),
		requests: counters("external_secrets_provider_requests_total", "Calls of providers, by the reason of their failure, empty for none.", labelProvider, labelOperation, labelReason),
		saved:    counters("external_secrets_provider_requests_saved_total", "Reads that shared a revalidation which another read caused.", labelProvider),
		sent:     counters("external_secrets_provider_http_requests_total", "Requests that calls of providers made.", labelProvider, labelOperation),
		answers: counters("external_secrets_provider_http_answers_total",
			"Requests that ended, by their HTTP status, or none where there was no answer.", labelProvider, labelRoute, labelCode),
		away: counters("external_secrets_reads_sent_away_total",
			"Reads that were answered from what was held, by why the provider was not asked or not waited for.", labelProvider, labelWhy),
		callDuration: histograms("external_secrets_provider_request_duration_seconds", "How long calls of providers take.", requestBuckets,
			labelProvider, labelOperation),
		requestDuration: histograms("external_secrets_provider_http_request_duration_seconds",
			"How long requests take until their answer has been read.", requestBuckets, labelProvider, labelRoute),
		viewAge: histograms("external_secrets_view_age_seconds", "How old the pictures are that reads are answered from.", ageBuckets, labelProvider),
		held: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "external_secrets_held_bytes", Help: "About how much memory what providers showed takes up.",
		}),
	}
}

func (p *providers) collectors() []prometheus.Collector {
	return []prometheus.Collector{p.calls, p.requests, p.saved, p.sent, p.answers, p.away, p.callDuration, p.requestDuration, p.viewAge, p.held}
}

// meet has what may be counted of a provider shown from zero on, so that the first of it is a rise.
func (p *providers) meet(name string) {
	if _, before := p.met.LoadOrStore(name, true); before {
		return
	}
	p.saved.WithLabelValues(name)
	for _, why := range []source.Away{source.Crowded, source.NoBudget, source.NoShare, source.Paused, source.Barred, source.NoTime} {
		p.away.WithLabelValues(name, string(why))
	}
}

var _ source.Metrics = (*Metrics)(nil)

// RequestDone implements source.Metrics. Both series of a call are there from the first on.
func (m *Metrics) RequestDone(name string, op source.Operation, reason provider.Reason, took time.Duration) {
	m.providers.meet(name)
	succeeded := m.providers.calls.WithLabelValues(name, string(op), "success")
	failed := m.providers.calls.WithLabelValues(name, string(op), "error")
	if reason == "" {
		succeeded.Inc()
	} else {
		failed.Inc()
	}
	m.providers.requests.WithLabelValues(name, string(op), string(reason)).Inc()
	m.providers.callDuration.WithLabelValues(name, string(op)).Observe(took.Seconds())
}

// RequestSent implements source.Metrics.
func (m *Metrics) RequestSent(name string, op source.Operation) {
	m.providers.sent.WithLabelValues(name, string(op)).Inc()
}

// RequestAnswered implements source.Metrics.
func (m *Metrics) RequestAnswered(name, route string, status int, took time.Duration) {
	m.providers.answers.WithLabelValues(name, route, codeOf(status)).Inc()
	m.providers.requestDuration.WithLabelValues(name, route).Observe(took.Seconds())
}

// codeOf is a status as a label. A provider can answer with any three digits: of those that nobody looks for by themselves
// the class is shown.
func codeOf(status int) string {
	switch status {
	case 200, 304, 400, 401, 403, 404, 429, 500, 502, 503, 504:
		return strconv.Itoa(status)
	case 0:
		return "none"
	}
	if class := status / 100; class >= 1 && class <= 5 {
		return strconv.Itoa(class) + "xx"
	}
	return "other"
}

// SentAway implements source.Metrics.
func (m *Metrics) SentAway(name string, why source.Away) {
	m.providers.away.WithLabelValues(name, string(why)).Inc()
}

// RevalidationSaved implements source.Metrics.
func (m *Metrics) RevalidationSaved(name string) {
	m.providers.saved.WithLabelValues(name).Inc()
}

// ViewAge implements source.Metrics.
func (m *Metrics) ViewAge(name string, age time.Duration) {
	m.providers.viewAge.WithLabelValues(name).Observe(age.Seconds())
}

// Held implements source.Metrics.
func (m *Metrics) Held(bytes int64) {
	m.providers.held.Set(float64(bytes))
}
