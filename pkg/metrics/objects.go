package metrics

import (
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// prefixes are how the series of each kind of object begin.
var prefixes = map[string]string{
	v1.ExternalSecretKind:     "externalsecret",
	v1.SecretStoreKind:        "secretstore",
	v1.ClusterSecretStoreKind: "clustersecretstore",
}

const (
	labelCondition = "condition"
	conditionReady = "Ready"
)

// objects collects the series of the objects of one kind. It makes them when they are asked for: kept as metrics, those of
// ten thousand ExternalSecrets take up as much memory as the ExternalSecrets.
type objects struct {
	condition, duration *prometheus.Desc
	// calls and errors are nil for stores.
	calls, errors *prometheus.Desc

	mu  sync.Mutex
	all map[objectName]numbers
}

type objectName struct{ namespace, name string }

// numbers are what the series of one object show. Without a look or a condition there is no series of it; errors are shown
// from zero on, so that the first one is a rise.
type numbers struct {
	calls, errors int64
	ready         corev1.ConditionStatus
	// took is set where a look was timed.
	took  time.Duration
	timed bool
}

func newObjects(prefix string) *objects {
	object := []string{labelName, labelNamespace}
	o := &objects{
		condition: prometheus.NewDesc(prefix+"_status_condition", "1 for the status that a condition has, 0 for the other.", append(object, labelCondition, labelStatus), nil),
		duration:  prometheus.NewDesc(prefix+"_reconcile_duration", "Nanoseconds that the last look took.", object, nil),
		all:       map[objectName]numbers{},
	}
	if prefix == prefixes[v1.ExternalSecretKind] {
		o.calls = prometheus.NewDesc(prefix+"_sync_calls_total", "Looks at an ExternalSecret, those that found nothing to do included.", object, nil)
		o.errors = prometheus.NewDesc(prefix+"_sync_calls_error", "Looks at an ExternalSecret that is not as it should be.", object, nil)
	}
	return o
}

// Describe implements prometheus.Collector.
func (o *objects) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{o.calls, o.errors, o.condition, o.duration} {
		if d != nil {
			descriptions <- d
		}
	}
}

// Collect implements prometheus.Collector.
func (o *objects) Collect(series chan<- prometheus.Metric) {
	o.mu.Lock()
	all := maps.Clone(o.all)
	o.mu.Unlock()
	for of, n := range all {
		show := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
			series <- prometheus.MustNewConstMetric(d, kind, v, append([]string{of.name, of.namespace}, labels...)...)
		}
		if n.calls > 0 {
			show(o.calls, prometheus.CounterValue, float64(n.calls))
			show(o.errors, prometheus.CounterValue, float64(n.errors))
		}
		if n.timed {
			show(o.duration, prometheus.GaugeValue, float64(n.took))
		}
		if n.ready == "" {
			continue
		}
		for _, status := range []corev1.ConditionStatus{corev1.ConditionTrue, corev1.ConditionFalse} {
			show(o.condition, prometheus.GaugeValue, number(status == n.ready), conditionReady, string(status))
		}
	}
}

// change changes the numbers of an object.
func (o *objects) change(namespace, name string, change func(*numbers)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := o.all[objectName{namespace, name}]
	change(&n)
	o.all[objectName{namespace, name}] = n
}

func (o *objects) forget(namespace, name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.all, objectName{namespace, name})
}

func (o *objects) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.all)
}

// ExternalSecretSynced counts one look at an ExternalSecret.
func (m *Metrics) ExternalSecretSynced(namespace, name string, failed bool, took time.Duration) {
	m.objects[v1.ExternalSecretKind].change(namespace, name, func(n *numbers) {
		n.calls++
		if failed {
			n.errors++
		}
		n.took, n.timed = took, true
	})
}

// ExternalSecretCondition shows the Ready condition of an ExternalSecret.
func (m *Metrics) ExternalSecretCondition(namespace, name string, ready corev1.ConditionStatus) {
	m.StoreCondition(v1.ExternalSecretKind, namespace, name, ready)
}

// ForgetExternalSecret drops the series of an ExternalSecret that is gone.
func (m *Metrics) ForgetExternalSecret(namespace, name string) {
	m.ForgetStore(v1.ExternalSecretKind, namespace, name)
}

// StoreChecked shows how long the check of a store took.
func (m *Metrics) StoreChecked(kind, namespace, name string, took time.Duration) {
	m.objects[kind].change(namespace, name, func(n *numbers) { n.took, n.timed = took, true })
}

// StoreCondition shows the Ready condition of a store.
func (m *Metrics) StoreCondition(kind, namespace, name string, ready corev1.ConditionStatus) {
	m.objects[kind].change(namespace, name, func(n *numbers) { n.ready = ready })
}

// ForgetStore drops the series of a store that is gone.
func (m *Metrics) ForgetStore(kind, namespace, name string) { m.objects[kind].forget(namespace, name) }

// Leading shows whether this process writes Secrets. One that ceases to leaves the state of objects to the leader.
func (m *Metrics) Leading(lead bool) {
	if lead {
		m.leader.Set(1)
		return
	}
	m.leader.Set(0)
	for _, o := range m.objects {
		o.reset()
	}
}
