package materializer

import (
	"context"
	"time"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
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
