package materializer

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// report writes the status where something in it changes: a steady cluster causes no writes.
func (t *term) report(ctx context.Context, es *v1.ExternalSecret, st *state, v verdict, now time.Time) error {
	next := nextStatus(es, v, st.unreported, st.refresh.asked, now)
	if !apiequality.Semantic.DeepEqual(next, es.Status) {
		ctx, span := tracing.Start(ctx, tracing.Report)
		defer span.End()
		changed := es.DeepCopy()
		changed.Status = next
		var written *v1.ExternalSecret
		err := t.mandate.write(ctx, func(ctx context.Context) (err error) {
			written, err = t.config.Client.ExternalSecretsV1().ExternalSecrets(es.Namespace).
				UpdateStatus(ctx, changed, metav1.UpdateOptions{FieldManager: fieldManager})
			return err
		})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			t.logUnwritten(&st.unwritten, v1.ExternalSecretKind, es, err)
			return err
		}
		st.written.Store(written)
		// The informer may have been faster.
		if shown, err := t.externalSecrets.Lister().ExternalSecrets(es.Namespace).Get(es.Name); err == nil && shown.UID == es.UID {
			st.show(shown)
		}
		st.unwritten = false
		t.tellFailure(es, v)
		t.logReport(es, v, st.trouble.failures)
	}
	st.unreported = false
	t.config.Metrics.ExternalSecretCondition(es.Namespace, es.Name, v.ready())
	return nil
}

// nextStatus is the status after an attempt. The times in it change only with something else: the Secret was written, or
// what it is made for changed, or somebody asked.
func nextStatus(es *v1.ExternalSecret, v verdict, wrote, asked bool, now time.Time) v1.ExternalSecretStatus {
	next := *es.Status.DeepCopy()
	next.Live = nil
	if asked {
		next.RefreshRequestTime = nil
	}
	next.Conditions = withReady(next.Conditions, v, now)
	if v.binding != nil {
		next.Binding = nil
		if *v.binding != "" {
			next.Binding = &v1.LocalObjectReference{Name: ptr.To(*v.binding)}
		}
	}
	if v.err != nil {
		return next
	}
	hash := hashOf(es)
	if wrote || asked || next.RefreshTime == nil || !is(next.SyncedResourceVersion, hash) {
		next.RefreshTime = ptr.To(metav1.NewTime(now.UTC().Truncate(time.Second)))
		next.SyncedResourceVersion = &hash
	}
	return next
}

// withReady replaces the Ready condition. The time of its last transition changes with its status alone.
func withReady(conditions []v1.ExternalSecretCondition, v verdict, now time.Time) []v1.ExternalSecretCondition {
	ready := v1.ExternalSecretCondition{
		Type: v1.ExternalSecretReady, Status: v.ready(), Reason: ptr.To(v.reason), Message: ptr.To(v.message),
		LastTransitionTime: ptr.To(metav1.NewTime(now.UTC().Truncate(time.Second))),
	}
	i := slices.IndexFunc(conditions, func(c v1.ExternalSecretCondition) bool { return c.Type == v1.ExternalSecretReady })
	if i < 0 {
		return append(conditions, ready)
	}
	if before := conditions[i]; before.Status == ready.Status && before.LastTransitionTime != nil {
		ready.LastTransitionTime = before.LastTransitionTime
	}
	conditions[i] = ready
	return conditions
}

// tellFailure emits an event for a failure that was not told of yet.
func (t *term) tellFailure(es *v1.ExternalSecret, v verdict) {
	if v.err == nil {
		return
	}
	if before := readyCondition(es); before == nil || before.Status != corev1.ConditionFalse || !is(before.Message, v.message) {
		t.events.warning(es, v1.EventUpdateFailed, v.message)
	}
}

// tellMissing emits an event for each entry that has gone since the last look.
func (t *term) tellMissing(es *v1.ExternalSecret, st *state, o *outcome.Outcome) {
	if o.Err != nil {
		return
	}
	var missing []string
	for _, entry := range o.Data.Missing {
		missing = append(missing, entry.Path)
		if !slices.Contains(st.missing, entry.Path) {
			t.events.normal(es, v1.EventMissingProviderSecret, fmt.Sprintf("%s: %s has no key %q any more", entry.Path, entry.Store, entry.Key))
		}
	}
	st.missing = missing
}

func readyCondition(es *v1.ExternalSecret) *v1.ExternalSecretCondition {
	for i := range es.Status.Conditions {
		if es.Status.Conditions[i].Type == v1.ExternalSecretReady {
			return &es.Status.Conditions[i]
		}
	}
	return nil
}

func isReady(es *v1.ExternalSecret) bool {
	ready := readyCondition(es)
	return ready != nil && ready.Status == corev1.ConditionTrue
}

// isSynced tells whether the ExternalSecret as it is was materialized.
func isSynced(es *v1.ExternalSecret) bool {
	return is(es.Status.SyncedResourceVersion, hashOf(es))
}
