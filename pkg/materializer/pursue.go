package materializer

import (
	"context"
	"slices"
	"time"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

const (
	// followTimeout bounds the reading of credentials on the host.
	followTimeout = 10 * time.Second
	// evaluateTimeout bounds an evaluation that ought not to wait.
	evaluateTimeout = 2 * time.Second
	// confirmTimeout bounds the questions whether keys are gone.
	confirmTimeout = 10 * time.Second
	// parkedUrgent and parkedPatient are how long an ExternalSecret stays parked at most: then what there is has to do.
	parkedUrgent  = 15 * time.Second
	parkedPatient = time.Minute
	// grace is how long a failure that may pass by itself is kept from the Ready condition of a Secret that stands.
	grace = time.Minute
	// conflictPause is how long the informer is given to show what a write collided with.
	conflictPause = 50 * time.Millisecond
)

// pursue goes after a wish as far as it goes without waiting. It returns false where the ExternalSecret was parked.
func (t *term) pursue(ctx context.Context, es *v1.ExternalSecret, st *state) bool {
	ctx = t.traceWish(ctx, es, st.refresh)
	k, err := t.keeperOf(ctx, es)
	if err != nil {
		if ctx.Err() != nil {
			return false
		}
		// For what cannot be written no provider is asked.
		t.conclude(ctx, es, st, unfit(err).worded(es), false)
		return true
	}
	if !t.follow(ctx, es, st.refresh) {
		return false
	}
	st.refresh.trace.resume()
	o, isConfirmed := t.evaluate(ctx, es, st.refresh)
	switch {
	case lacksSomething(o) && st.refresh.insist():
		return t.pursue(ctx, es, st)
	case !isConfirmed && mayDelete(es, o):
		t.confirm(ctx, es, st.refresh)
		return false
	}
	v := t.materialize(ctx, es, st, k, o).worded(es)
	if ctx.Err() != nil {
		return false
	}
	if v.isOfInputs && st.refresh.insist() {
		return t.pursue(ctx, es, st)
	}
	t.tellMissing(es, st, o)
	isLate := o.Err == nil && !st.refresh.notBefore.IsZero() && !o.Data.Observed.IsZero()
	t.conclude(ctx, es, st, v, isLate)
	return true
}

// follow has the Sources told what is needed. It returns false where the answer has to be waited for.
func (t *term) follow(ctx context.Context, es *v1.ExternalSecret, r *refresh) bool {
	if r.parked != nil {
		return true
	}
	p := &parked{deadline: time.Now().Add(parkedUrgent)}
	if r.urgency == source.NextPoll {
		p.deadline = time.Now().Add(max(parkedPatient, 2*t.config.PollInterval))
	}
	r.parked = p
	key, class := keyOf(es), r.class
	ctx, cancel := context.WithTimeout(r.trace.park(ctx), followTimeout)
	defer cancel()
	t.config.Evaluator.Follow(ctx, es, r.notBefore, r.urgency, func() {
		if p.stage.Swap(answered) == waiting {
			t.queue.add(key, class, 0)
		}
	})
	return !p.stage.CompareAndSwap(asking, waiting)
}

// evaluate is what the ExternalSecret came to, and whether a provider was asked about keys that may be gone.
func (t *term) evaluate(ctx context.Context, es *v1.ExternalSecret, r *refresh) (o *outcome.Outcome, isConfirmed bool) {
	if c := r.confirmed.Swap(nil); c != nil && c.notBefore.Equal(r.notBefore) {
		return c.outcome, true
	}
	ctx, cancel := context.WithTimeout(ctx, evaluateTimeout)
	defer cancel()
	return t.config.Evaluator.Evaluate(ctx, es, outcome.Ask{NotBefore: r.notBefore}), false
}

// lacksSomething tells whether something could not be read, or nothing was found.
func lacksSomething(o *outcome.Outcome) bool { return o.Err != nil || len(o.Data.Values) == 0 }

// mayDelete tells whether keys were not found whose absence would remove something.
func mayDelete(es *v1.ExternalSecret, o *outcome.Outcome) bool {
	return deletionPolicy(es) != v1.DeletionRetain && slices.ContainsFunc(o.KeyErrors(), func(err *resolve.Error) bool {
		return err.Reason == provider.NotFound
	})
}

// confirm asks beside the workers: that takes requests.
func (t *term) confirm(ctx context.Context, es *v1.ExternalSecret, r *refresh) {
	r.parked = &parked{deadline: time.Now().Add(parkedPatient)}
	r.parked.stage.Store(waiting)
	if r.confirming.Swap(true) {
		return
	}
	key, notBefore, c := keyOf(es), r.notBefore, r.class
	ctx = r.trace.park(ctx)
	t.beside.Go(func() {
		select {
		case t.slots <- struct{}{}:
			defer func() { <-t.slots }()
		case <-ctx.Done():
			return
		}
		within, cancel := context.WithTimeout(ctx, confirmTimeout)
		defer cancel()
		o := t.config.Evaluator.Evaluate(within, es, outcome.Ask{NotBefore: notBefore, Deletion: true})
		r.confirming.Store(false)
		r.confirmed.Store(&confirmed{notBefore, o})
		t.queue.add(key, c, 0)
	})
}

// conclude reports what came of a wish, and keeps the wish where trying again may help.
func (t *term) conclude(ctx context.Context, es *v1.ExternalSecret, st *state, v verdict, isLate bool) {
	now, r := time.Now(), st.refresh
	defer r.trace.end(v)
	r.parked = nil
	st.last, st.seen = v, true
	st.lastFailed.Store(v.err != nil)
	st.unreported = st.unreported || v.wrote
	held := st.isHeldBack(es, v, now)
	var err error
	if !held && !(isLate && r.asked) {
		err = t.report(ctx, es, st, v, now)
	}
	switch {
	case isConflict(err):
		st.retryAt = now.Add(conflictPause)
	case err != nil || v.again || isLate:
		r.asked = r.asked && (err != nil || isLate)
		r.class = fallenDue
		wait := st.trouble.next(provider.RetryAfterOf(v.err))
		if held {
			wait = min(wait, time.Until(r.since.Add(grace)))
		}
		st.retryAt = now.Add(wait)
	default:
		st.refresh, st.retryAt = nil, time.Time{}
		st.trouble.reset()
		switch {
		case !follows(es):
			st.dueAt = time.Time{}
		case !v.dueStill || st.dueAt.IsZero():
			st.dueAt = now.Add(jittered(interval(es)))
		}
	}
}

// isHeldBack tells whether a failure is not reported yet: a provider that does not answer for a moment is no reason to call a
// Secret that stands not ready. Who asked is told, and so is who changed the spec.
func (st *state) isHeldBack(es *v1.ExternalSecret, v verdict, now time.Time) bool {
	r := st.refresh
	return v.doubtful && !r.asked && isReady(es) && isSynced(es) && now.Sub(r.since) < grace
}
