package materializer

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
)

// The log has one line for each decision that changes something, whatever events become of. docs/operations/logs-and-traces.md
// lists them.

// logName is what logs call an object that is no ExternalSecret; the namespace is empty for what is in none.
func logName(kind, namespace, name string) string {
	if namespace == "" {
		return kind + "/" + name
	}
	return kind + "/" + namespace + "/" + name
}

// logWritten tells what was done to a target, and why.
func (t *term) logWritten(es *v1.ExternalSecret, target host.Object, action, why string) {
	t.config.Logger.Info("Target written", "externalSecret", keyOf(es).String(), "target", logName(string(target.Kind), target.Namespace, target.Name), "action", action, "reason", why)
}

// logReport tells what the Ready condition says now, where it says something else than before. failures is how many attempts
// failed in a row before this one.
func (t *term) logReport(es *v1.ExternalSecret, v verdict, failures int) {
	before := readyCondition(es)
	if before != nil && before.Status == v.ready() && is(before.Message, v.message) {
		return
	}
	name := keyOf(es).String()
	switch {
	case v.err != nil:
		t.config.Logger.Warn("ExternalSecret failed", "externalSecret", name, "reason", v.reason, "message", v.message)
	case v.keeps(es):
		target := outcome.TargetOf(es)
		t.config.Logger.Info("Target kept", "externalSecret", name, "target", logName(string(target.Kind), target.Namespace, target.Name), "reason", v.message)
	case before == nil || before.Status != corev1.ConditionTrue:
		t.config.Logger.Info("ExternalSecret became ready", "externalSecret", name, "reason", v.reason, "failures", failures)
	}
}

// keeps tells whether a target was left as it is although what it is made of is not there any more.
func (v verdict) keeps(es *v1.ExternalSecret) bool {
	return v.err == nil && (v.what == wordedFor(es, messageRetained) || v.what == wordedFor(es, messageEmpty))
}

// logStore tells what the Ready condition of a store says now, where it says something else than before.
func (t *term) logStore(s store, ready v1.SecretStoreStatusCondition) {
	for _, before := range s.status.Conditions {
		if isStoreReadyType(before) && before.Status == ready.Status && is(before.Message, ptr.Deref(ready.Message, "")) {
			return
		}
	}
	name := logName(s.kind, s.meta.Namespace, s.meta.Name)
	if ready.Status == corev1.ConditionTrue {
		t.config.Logger.Info("Store became ready", "store", name)
		return
	}
	t.config.Logger.Warn("Store is not ready", "store", name, "reason", ptr.Deref(ready.Reason, ""), "message", ptr.Deref(ready.Message, ""))
}

// logUnwritten tells that a status could not be written, once until one could.
func (t *term) logUnwritten(told *bool, kind string, meta metav1.Object, err error) {
	if !*told {
		t.config.Logger.Warn("Status not written", "object", logName(kind, meta.GetNamespace(), meta.GetName()), "err", err.Error())
	}
	*told = true
}
