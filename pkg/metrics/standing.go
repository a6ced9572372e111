package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// standing shows how Sources stand at the time of a scrape.
type standing struct {
	state                  func() source.State
	tokens, paused, barred *prometheus.Desc
}

var _ prometheus.Collector = (*standing)(nil)

func newStanding() standing {
	return standing{
		tokens: prometheus.NewDesc("external_secrets_site_tokens",
			"Requests that may be sent at once to a provider's host that has a limit, for polls and for callers; below zero where more were sent than there is.",
			[]string{labelSite, labelFor}, nil),
		paused: prometheus.NewDesc("external_secrets_site_paused", "1 while a provider's host that has a limit wants to be left alone, else 0.",
			[]string{labelSite}, nil),
		barred: prometheus.NewDesc("external_secrets_stores_barred", "Stores whose provider missed a deadline, or refused the credential, and has not answered since.",
			[]string{labelKind}, nil),
	}
}

// Watch has the state of Sources shown. It is called before the Metrics are registered.
func (m *Metrics) Watch(state func() source.State) { m.standing.state = state }

// Describe implements prometheus.Collector.
func (s *standing) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.tokens, s.paused, s.barred} {
		descriptions <- d
	}
}

// Collect implements prometheus.Collector. Sites are those of the configuration: no user can add one.
func (s *standing) Collect(series chan<- prometheus.Metric) {
	if s.state == nil {
		return
	}
	state := s.state()
	for _, b := range state.Budgets {
		series <- prometheus.MustNewConstMetric(s.tokens, prometheus.GaugeValue, b.Polls, b.Site, "polls")
		series <- prometheus.MustNewConstMetric(s.tokens, prometheus.GaugeValue, b.Callers, b.Site, "callers")
		paused := 0.0
		if b.Paused {
			paused = 1
		}
		series <- prometheus.MustNewConstMetric(s.paused, prometheus.GaugeValue, paused, b.Site)
	}
	for _, kind := range []string{v1.SecretStoreKind, v1.ClusterSecretStoreKind} {
		series <- prometheus.MustNewConstMetric(s.barred, prometheus.GaugeValue, float64(state.Barred[kind]), kind)
	}
}
