package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// controllers are metrics of controller-runtime, which ESO is made with: dashboards and alerts for any controller know them.
type controllers struct {
	total, errors, panics *prometheus.CounterVec
	duration              *prometheus.HistogramVec
	active, workers       *prometheus.GaugeVec
}

const (
	labelController = "controller"
	labelResult     = "result"
)

// The results that count as errors: controller-runtime has no result of its own for a panic.
const (
	resultError = "error"
	resultPanic = "panic"
)

// reconcileBuckets reach from a look that finds nothing to do to a store whose provider does not answer.
var reconcileBuckets = []float64{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

func newControllers() controllers {
	return controllers{
		total: counters("controller_runtime_reconcile_total",
			"Looks at objects, by what came of them.", labelController, labelResult),
		errors:   counters("controller_runtime_reconcile_errors_total", "Looks at objects that are not as they should be.", labelController),
		panics:   counters("controller_runtime_reconcile_panics_total", "Looks that ended in a panic, which is a bug.", labelController),
		duration: histograms("controller_runtime_reconcile_time_seconds", "How long looks take.", reconcileBuckets, labelController),
		active:   gauges("controller_runtime_active_workers", "Workers that look at an object now.", labelController),
		workers: gauges("controller_runtime_max_concurrent_reconciles",
			"Workers that there are. Those of both kinds of stores are the same.", labelController),
	}
}

func (c *controllers) collectors() []prometheus.Collector {
	return []prometheus.Collector{c.total, c.errors, c.panics, c.duration, c.active, c.workers}
}

// Workers shows how many workers there are for objects of a kind. All series of the controller are there from then on, so
// that the first error is a rise from zero.
func (m *Metrics) Workers(kind string, workers int) {
	c, name := &m.controllers, prefixes[kind]
	c.workers.WithLabelValues(name).Set(float64(workers))
	for _, result := range []string{"success", "requeue", "requeue_after", resultError} {
		c.total.WithLabelValues(name, result)
	}
	c.errors.WithLabelValues(name)
	c.panics.WithLabelValues(name)
	c.duration.WithLabelValues(name)
}

// Working counts a worker that has taken up an object of a kind, and what came of it when it is done.
func (m *Metrics) Working(kind string) (done func(result string)) {
	c, name, began := &m.controllers, prefixes[kind], time.Now()
	active := c.active.WithLabelValues(name)
	active.Inc()
	return func(result string) {
		active.Dec()
		c.duration.WithLabelValues(name).Observe(time.Since(began).Seconds())
		if result == resultPanic {
			c.panics.WithLabelValues(name).Inc()
			result = resultError
		}
		if result == resultError {
			c.errors.WithLabelValues(name).Inc()
		}
		c.total.WithLabelValues(name, result).Inc()
	}
}
