package materializer

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// cleanupFinalizer is what ESO puts on every ExternalSecret. This server puts none on: owner references have the host's
// garbage collector do the same without holding up a namespace. One that was brought along must not hold it up either.
const cleanupFinalizer = "externalsecrets.external-secrets.io/externalsecret-cleanup"

// fieldManager is the manager of status and finalizers that this server writes.
const fieldManager = "external-secrets-apiserver"

// sync looks at one ExternalSecret: what is up with it, what is to be done, when to look again.
func (t *term) sync(ctx context.Context, key types.NamespacedName, h hints) Result {
	es, err := t.externalSecrets.Lister().ExternalSecrets(key.Namespace).Get(key.Name)
	if err != nil {
		// A lister that reads a cache has no other error than that there is none.
		t.forget(key)
		return Success
	}
	st, before := t.states.of(key, es.UID)
	if before != "" {
		t.config.Evaluator.Unfollow(before)
		t.config.Host.Unfollow(before)
	}
	es = t.newest(es, st)
	st.pending |= h
	switch {
	case es.DeletionTimestamp != nil:
		return t.leave(ctx, es, st)
	case t.isForeign(es):
		t.forget(key)
		return Success
	default:
		return t.attend(ctx, es, st)
	}
}

// forget drops all about an ExternalSecret that is gone, or another controller's.
func (t *term) forget(key types.NamespacedName) {
	t.schedule.set(key, time.Time{})
	if st := t.states.drop(key); st != nil {
		if st.refresh != nil {
			st.refresh.trace.drop()
		}
		t.config.Evaluator.Unfollow(st.uid)
		t.config.Host.Unfollow(st.uid)
	}
	t.config.Metrics.ForgetExternalSecret(key.Namespace, key.Name)
}

// isForeign tells whether one of its stores is left to a controller of another class.
func (t *term) isForeign(es *v1.ExternalSecret) bool {
	// What cannot be asked for has no store.
	needs, _ := resolve.Needs(es)
	return slices.ContainsFunc(needs, func(n resolve.StoreNeeds) bool {
		store, err := t.config.Catalog.Stores.Find(es.Namespace, n.Store)
		return err == nil && t.config.Catalog.Foreign(store.Spec)
	})
}

// leave lets an ExternalSecret that is being deleted go. Its Secret is the garbage collector's.
func (t *term) leave(ctx context.Context, es *v1.ExternalSecret, st *state) Result {
	t.config.Evaluator.Unfollow(es.UID)
	t.schedule.set(keyOf(es), time.Time{})
	if !slices.Contains(es.Finalizers, cleanupFinalizer) {
		return Success
	}
	kept := slices.DeleteFunc(slices.Clone(es.Finalizers), func(f string) bool { return f == cleanupFinalizer })
	// The resourceVersion makes it a change of what was seen.
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"resourceVersion": es.ResourceVersion, "finalizers": kept}})
	if err == nil {
		err = t.mandate.write(ctx, func(ctx context.Context) (err error) {
			_, err = t.config.Client.ExternalSecretsV1().ExternalSecrets(es.Namespace).
				Patch(ctx, es.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
			return err
		})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		t.schedule.set(keyOf(es), time.Now().Add(st.trouble.next(0)))
		return Failed
	}
	return Success
}

// attend finds out what is wished for, does what can be done now, and says when to look again.
func (t *term) attend(ctx context.Context, es *v1.ExternalSecret, st *state) Result {
	began := time.Now()
	if ready := readyCondition(es); ready != nil && st.fresh {
		t.config.Metrics.ExternalSecretCondition(es.Namespace, es.Name, ready.Status)
	}
	st.fresh = false
	if reason := t.outOfScope(es); reason != nil {
		t.abstain(ctx, es, st, reason)
		return Failed
	}
	t.wish(ctx, es, st, began)
	if st.refresh == nil && isBack(es) {
		t.resume(ctx, es, st)
	}
	t.reclaim(ctx, es, st)
	done := true
	if st.refresh != nil && !st.waits(began) {
		done = t.pursue(ctx, es, st)
	}
	again := t.rest(es, st)
	if !done {
		return Requeue
	}
	failed := st.lastFailed.Load()
	t.config.Metrics.ExternalSecretSynced(es.Namespace, es.Name, failed, time.Since(began))
	switch {
	case failed:
		return Failed
	case again:
		return RequeueAfter
	}
	return Success
}

// wish turns what is up with an ExternalSecret into a wish for values.
func (t *term) wish(ctx context.Context, es *v1.ExternalSecret, st *state, now time.Time) {
	open, again := true, time.Time{}
	if follows(es) {
		open, again = windowsOpen(es.Spec.SyncWindows, now)
	}
	t.wishForCause(es, st, now, open, again)
	pending := st.pending
	st.pending = 0
	retry := st.lastFailed.Load() && pending&(stirred|mended) != 0
	switch {
	case st.refresh != nil && (retry || pending&stirred != 0):
		st.tryAgain()
	case retry, pending&stirred != 0 && follows(es) && open:
		st.want(t.look(now, !st.seen))
	case pending&stirred != 0 && follows(es):
		st.dueAt = windowOpens(again, now)
	}
	if pending&touched != 0 || st.left.known && st.left.object != outcome.TargetOf(es) || isPast(st.repairAt, now) {
		t.wishForRepair(ctx, es, st, now)
	}
}

// look is the wish to see whether what is held makes another Secret. At first what is held has to be about as new as what
// a leader's polls show.
func (t *term) look(now time.Time, first bool) wish {
	w := wish{urgency: source.Now, class: changed, since: now}
	if first {
		w.notBefore = now.Add(-t.config.PollInterval)
	}
	return w
}

// wishForCause wishes for new values where there is a reason that was not taken up yet.
func (t *term) wishForCause(es *v1.ExternalSecret, st *state, now time.Time, open bool, again time.Time) {
	o := occasion{hash: hashOf(es)}
	o.cause = causeOf(es, o.hash, st.dueAt, now)
	w := wish{notBefore: now, urgency: source.Now, class: changed, since: now, renews: true}
	switch o.cause {
	case asked:
		w.asked = true
		o.at = es.Status.RefreshRequestTime.UnixNano()
	case neverSynced:
		w.class = classOf(es)
	}
	if t.isCorrected(es) && (o.cause == neverSynced || o.cause == edited && isRespecified(es)) {
		// A thousand new ones share what has just been read.
		w.notBefore, w.firm = now.Add(-t.config.PollInterval), now
	}
	if o.cause != atRest && o.cause != due && o != st.occasion {
		st.occasion = o
		st.want(w)
		return
	}
	// That something could not be done when it changed is no reason not to look again at each interval.
	if follows(es) && isPast(st.dueAt, now) && !st.dueAt.Equal(st.dueTaken) {
		t.wishForDue(es, st, now, open, again)
	}
}

// isCorrected tells whether an ExternalSecret that is made of what was read a moment ago is made again when the next poll shows
// something else. Where there are sync windows none may be open then.
func (t *term) isCorrected(es *v1.ExternalSecret) bool {
	return t.config.FollowChanges && follows(es) && es.Spec.SyncWindows == nil
}

func (t *term) wishForDue(es *v1.ExternalSecret, st *state, now time.Time, open bool, again time.Time) {
	if !open {
		st.dueAt = windowOpens(again, now)
		return
	}
	st.dueTaken = st.dueAt
	w := wish{notBefore: st.dueAt, urgency: source.NextPoll, class: fallenDue, since: now, renews: true}
	if every := interval(es); every < t.config.PollInterval {
		// Polls come too seldom for it. Those of one interval share what half of it shows: together they ask as often as two
		// of them would.
		w.urgency, w.notBefore = source.Now, st.dueAt.Add(-every/2)
	}
	st.want(w)
}

func isPast(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// windowOpens is when to look again while no refresh may be made: windows that never come are looked at once a day.
func windowOpens(again, now time.Time) time.Time {
	if again.IsZero() {
		return now.Add(24 * time.Hour)
	}
	return again
}

// wishForRepair looks whether the target is as it was left, and has it repaired where it is not.
func (t *term) wishForRepair(ctx context.Context, es *v1.ExternalSecret, st *state, now time.Time) {
	st.repairAt = time.Time{}
	if !t.isDamaged(ctx, es, st) {
		return
	}
	if at := st.repairs.allowedAt(now); at.After(now) {
		st.repairAt = at
		return
	}
	st.repairs.note(now)
	switch {
	case st.refresh != nil:
		// What is wished for may not be had for long. What was last written can be, meanwhile.
		t.restore(ctx, es, st)
	case follows(es) && !st.lastFailed.Load():
		st.want(t.look(now, false))
	default:
		st.want(wish{notBefore: now, urgency: source.Now, class: changed, since: now})
	}
}

// rest lets an ExternalSecret be until something is up with it again. It tells whether the time for that is known.
func (t *term) rest(es *v1.ExternalSecret, st *state) (again bool) {
	now := time.Now()
	var at time.Time
	switch r := st.refresh; {
	case r != nil && r.parked != nil:
		at = r.parked.deadline
	case r != nil:
		at = latest(st.retryAt, now)
	case follows(es):
		if !st.dueAt.After(now) {
			st.dueAt = now.Add(jittered(interval(es)))
		}
		at = st.dueAt
	case !st.lastFailed.Load():
		// It asks for nothing until it changes: nothing has to be polled or kept for it.
		t.config.Evaluator.Unfollow(es.UID)
	}
	at = soonest(at, st.repairAt)
	t.schedule.set(keyOf(es), at)
	return !at.IsZero()
}
