package materializer

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// outOfScope is why nothing is kept for an ExternalSecret in its namespace, nil where something is. One that is only read live
// keeps nothing anywhere.
func (t *term) outOfScope(es *v1.ExternalSecret) error {
	if outcome.Creation(es) == v1.CreationNone {
		return nil
	}
	return t.config.Host.Covers(es.Namespace)
}

// abstain says of an ExternalSecret that nothing is kept for it. No provider is asked, and what was written before stays.
func (t *term) abstain(ctx context.Context, es *v1.ExternalSecret, st *state, reason error) {
	now := time.Now()
	st.pending = 0
	st.want(wish{urgency: source.Now, class: fallenDue, since: now, asked: es.Status.RefreshRequestTime != nil})
	t.conclude(ctx, es, st, failed(failedWrite, reason).worded(es), false)
	t.rest(es, st)
	t.config.Metrics.ExternalSecretSynced(es.Namespace, es.Name, true, time.Since(now))
}

// isBack tells whether the last that was said of an ExternalSecret whose namespace is in scope is that it is not.
func isBack(es *v1.ExternalSecret) bool {
	ready := readyCondition(es)
	return ready != nil && ready.Status == corev1.ConditionFalse &&
		is(ready.Message, failed(failedWrite, &host.Outside{Namespace: es.Namespace}).worded(es).message)
}

// resume takes back what abstain said, where nothing else has the ExternalSecret looked at: of a Secret that stands as it was
// left, one look at the Secret is enough.
func (t *term) resume(ctx context.Context, es *v1.ExternalSecret, st *state) {
	_, exists, _ := t.config.Host.Object(outcome.TargetOf(es))
	isWhole := exists && !t.isDamaged(ctx, es, st)
	now := time.Now()
	st.want(wish{notBefore: now, urgency: source.Now, class: changed, since: now})
	if isWhole {
		t.conclude(ctx, es, st, succeeded(v1.ReasonSecretSynced, messageSynced).naming(outcome.TargetName(es)).worded(es), false)
	}
}
