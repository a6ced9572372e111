package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// reads are metrics of live reads.
type reads struct {
	shown    *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

const (
	labelRead  = "read"
	labelState = "state"
)

// readBuckets reach from an answer from what is held to the default of --live-timeout and beyond.
var readBuckets = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10}

func newReads() reads {
	return reads{
		shown: counters("external_secrets_live_reads_total",
			"ExternalSecrets that live reads showed, by the state that they showed; for reads of values Shown, or why not.", labelRead, labelState),
		duration: histograms("external_secrets_live_read_duration_seconds",
			"How long live reads take to find out what providers show.", readBuckets, labelRead),
	}
}

func (r *reads) collectors() []prometheus.Collector {
	return []prometheus.Collector{r.shown, r.duration}
}

// LiveRead counts one live read, and what it showed in which state.
func (m *Metrics) LiveRead(read string, states map[string]int, took time.Duration) {
	for state, n := range states {
		m.reads.shown.WithLabelValues(read, state).Add(float64(n))
	}
	m.reads.duration.WithLabelValues(read).Observe(took.Seconds())
}
