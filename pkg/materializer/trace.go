package materializer

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// traced is the trace of a wish: from when the ExternalSecret was queued for it to when it was reported on. A wish that is tried
// again later begins another.
type traced struct {
	span, parked tracing.Span
}

// traceWish begins the trace of a wish, or goes on with it where stores were waited for.
func (t *term) traceWish(ctx context.Context, es *v1.ExternalSecret, r *refresh) context.Context {
	if t.config.Tracing == nil {
		return ctx
	}
	if r.trace.span.Recorded() {
		r.trace.resume()
		return r.trace.span.Into(ctx)
	}
	queued := t.queue.takenSince(keyOf(es))
	ctx, r.trace.span = tracing.Root(ctx, t.config.Tracing, tracing.Sync, queued)
	r.trace.span.ExternalSecret(es.Namespace, es.Name, string(es.UID))
	r.trace.span.Cause(classNames[r.class])
	r.trace.span.Since(tracing.Queued, queued)
	return ctx
}

// park begins to wait. What is done under the context that it returns is done while waiting.
func (t *traced) park(ctx context.Context) context.Context {
	t.resume()
	ctx, t.parked = tracing.Start(ctx, tracing.Parked)
	return ctx
}

// resume ends the waiting.
func (t *traced) resume() {
	t.parked.End()
	t.parked = tracing.Span{}
}

// end says what came of it.
func (t *traced) end(v verdict) {
	t.resume()
	if v.err != nil {
		t.span.Failed(v.reason)
	} else {
		t.span.Result(v.reason)
	}
	t.span.End()
	*t = traced{}
}

// drop ends the trace of a wish that came to nothing, since its ExternalSecret is gone.
func (t *traced) drop() {
	t.resume()
	t.span.Result("gone")
	t.span.End()
	*t = traced{}
}

// takenSince is when the item was queued that a worker has at present.
func (q *queue) takenSince(key types.NamespacedName) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	if since, ok := q.taken[key]; ok {
		return since
	}
	return time.Now()
}
