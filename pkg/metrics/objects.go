package metrics

import (
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

const conditionReady = "Ready"

// ExternalSecretSynced counts one look at an ExternalSecret.
func (m *Metrics) ExternalSecretSynced(namespace, name string, failed bool, took time.Duration) {
	m.syncs.WithLabelValues(name, namespace).Inc()
	if failed {
		m.syncErrors.WithLabelValues(name, namespace).Inc()
	}
	m.durations[v1.ExternalSecretKind].WithLabelValues(name, namespace).Set(float64(took))
}

// ExternalSecretCondition shows the Ready condition of an ExternalSecret.
func (m *Metrics) ExternalSecretCondition(namespace, name string, ready corev1.ConditionStatus) {
	m.setReady(v1.ExternalSecretKind, namespace, name, ready)
}

// ForgetExternalSecret drops the series of an ExternalSecret that is gone.
func (m *Metrics) ForgetExternalSecret(namespace, name string) {
	m.syncs.DeleteLabelValues(name, namespace)
	m.syncErrors.DeleteLabelValues(name, namespace)
	m.forget(v1.ExternalSecretKind, namespace, name)
}

// StoreChecked shows how long the check of a store took.
func (m *Metrics) StoreChecked(kind, namespace, name string, took time.Duration) {
	m.durations[kind].WithLabelValues(name, namespace).Set(float64(took))
}

// StoreCondition shows the Ready condition of a store.
func (m *Metrics) StoreCondition(kind, namespace, name string, ready corev1.ConditionStatus) {
	m.setReady(kind, namespace, name, ready)
}

// ForgetStore drops the series of a store that is gone.
func (m *Metrics) ForgetStore(kind, namespace, name string) {
	m.forget(kind, namespace, name)
}

// Leading shows whether this process writes Secrets. One that ceases to leaves the state of objects to the leader.
func (m *Metrics) Leading(lead bool) {
	if lead {
		m.leader.Set(1)
		return
	}
	m.leader.Set(0)
	m.syncs.Reset()
	m.syncErrors.Reset()
	for kind := range prefixes {
		m.conditions[kind].Reset()
		m.durations[kind].Reset()
	}
}

func (m *Metrics) setReady(kind, namespace, name string, ready corev1.ConditionStatus) {
	for _, status := range []corev1.ConditionStatus{corev1.ConditionTrue, corev1.ConditionFalse} {
		shown := 0.0
		if status == ready {
			shown = 1
		}
		m.conditions[kind].WithLabelValues(name, namespace, conditionReady, string(status)).Set(shown)
	}
}

func (m *Metrics) forget(kind, namespace, name string) {
	m.conditions[kind].DeletePartialMatch(prometheus.Labels{labelName: name, labelNamespace: namespace})
	m.durations[kind].DeleteLabelValues(name, namespace)
}
