package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// standing shows how things stand at the time of a scrape. What is not watched has no series.
type standing struct {
	sources func() source.State
	queue   func() map[string]int
	fence   func() (closed, disagrees bool)

	tokens, paused, barred *prometheus.Desc
	open, age              *prometheus.Desc
	queued                 *prometheus.Desc
	closed, disagrees      *prometheus.Desc
}

const (
	labelFor   = "for"
	labelClass = "class"
)

var _ prometheus.Collector = (*standing)(nil)

func newStanding() standing {
	store := []string{labelKind, labelNamespace, labelName, labelProvider}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return standing{
		tokens: desc("external_secrets_site_tokens",
			"Requests that may be sent at once to a provider's host that has a limit, for polls and for callers; below zero where more were sent than there is.",
			labelSite, labelFor),
		paused: desc("external_secrets_site_paused", "1 while a provider's host that has a limit wants to be left alone, else 0.", labelSite),
		barred: desc("external_secrets_stores_barred",
			"Stores whose provider missed a deadline, or refused the credential, and has not answered since.", labelKind),
		open: desc("external_secrets_store_breaker_open",
			"1 while nobody waits for the store's provider, which missed a deadline or refused the credential, else 0.", store...),
		age: desc("external_secrets_store_view_age_seconds",
			"How old the oldest picture is that the leader keeps up to date for a store's ExternalSecrets.", store...),
		queued: desc("external_secrets_queue_depth", "ExternalSecrets that wait for a worker of the leader, by why they do.", labelClass),
		closed: desc("external_secrets_fence_closed", "1 while requests for objects are refused and nothing is written, else 0."),
		disagrees: desc("external_secrets_fence_disagrees",
			"1 while the store is not the one that the cluster has on record, and somebody has to decide, else 0."),
	}
}

// Watch has the state of Sources shown, WatchQueue what waits, and WatchFence whether the fence is closed. They are called
// before the Metrics are registered.
func (m *Metrics) Watch(state func() source.State) { m.standing.sources = state }

// WatchQueue is explained at Watch. queued is nil while this process does not lead.
func (m *Metrics) WatchQueue(queued func() map[string]int) { m.standing.queue = queued }

// WatchFence is explained at Watch.
func (m *Metrics) WatchFence(state func() (closed, disagrees bool)) { m.standing.fence = state }

// Describe implements prometheus.Collector.
func (s *standing) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.tokens, s.paused, s.barred, s.open, s.age, s.queued, s.closed, s.disagrees} {
		descriptions <- d
	}
}

// Collect implements prometheus.Collector.
func (s *standing) Collect(series chan<- prometheus.Metric) {
	show := func(d *prometheus.Desc, v float64, labels ...string) {
		series <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if s.sources != nil {
		s.collectSources(show)
	}
	if s.queue != nil {
		for class, n := range s.queue() {
			show(s.queued, float64(n), class)
		}
	}
	if s.fence != nil {
		closed, disagrees := s.fence()
		show(s.closed, number(closed))
		show(s.disagrees, number(disagrees))
	}
}

// collectSources shows sites and stores. Sites are those of the configuration: no user can add one.
func (s *standing) collectSources(show func(*prometheus.Desc, float64, ...string)) {
	state := s.sources()
	for _, b := range state.Budgets {
		show(s.tokens, b.Polls, b.Site, "polls")
		show(s.tokens, b.Callers, b.Site, "callers")
		show(s.paused, number(b.Paused), b.Site)
	}
	barred := map[string]int{v1.SecretStoreKind: 0, v1.ClusterSecretStoreKind: 0}
	for _, store := range state.Stores {
		of := []string{store.Kind, store.Namespace, store.Name, store.Provider}
		show(s.open, number(store.Barred), of...)
		if store.Kept {
			show(s.age, store.Age.Seconds(), of...)
		}
		if store.Barred {
			barred[store.Kind]++
		}
	}
	for kind, n := range barred {
		show(s.barred, float64(n), kind)
	}
}

func number(set bool) float64 {
	if set {
		return 1
	}
	return 0
}
