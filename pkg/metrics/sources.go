package metrics

import (
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

var _ source.Metrics = (*Metrics)(nil)

// RequestDone implements source.Metrics.
func (m *Metrics) RequestDone(name string, op source.Operation, reason provider.Reason, took time.Duration) {
	status := "success"
	if reason != "" {
		status = "error"
	}
	m.calls.WithLabelValues(name, string(op), status).Inc()
	m.requests.WithLabelValues(name, string(op), string(reason)).Inc()
	m.requestDuration.WithLabelValues(name, string(op)).Observe(took.Seconds())
}

// RequestSent implements source.Metrics.
func (m *Metrics) RequestSent(name string, op source.Operation) {
	m.sent.WithLabelValues(name, string(op)).Inc()
}

// SentAway implements source.Metrics.
func (m *Metrics) SentAway(name string, why source.Away) {
	m.away.WithLabelValues(name, string(why)).Inc()
}

// RevalidationSaved implements source.Metrics.
func (m *Metrics) RevalidationSaved(name string) {
	m.saved.WithLabelValues(name).Inc()
}

// ViewAge implements source.Metrics.
func (m *Metrics) ViewAge(name string, age time.Duration) {
	m.viewAge.WithLabelValues(name).Observe(age.Seconds())
}

// Held implements source.Metrics.
func (m *Metrics) Held(bytes int64) {
	m.held.Set(float64(bytes))
}
