package materializer

import (
	"context"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
)

// materialize makes the target what the ExternalSecret came to.
func (t *term) materialize(ctx context.Context, es *v1.ExternalSecret, st *state, k keeper, o *outcome.Outcome) verdict {
	if o.Err != nil {
		return failedToResolve(es, o)
	}
	if len(o.Data.Values) == 0 {
		switch isAllGone := areAllGone(es, o); {
		case deletionPolicy(es) == v1.DeletionRetain:
			return t.retain(es, st, messageRetained)
		case !isAllGone:
			return t.retain(es, st, messageEmpty)
		case deletionPolicy(es) == v1.DeletionDelete:
			return t.remove(ctx, es, st, k)
		}
	}
	fingerprint, err := o.Fingerprint(ctx)
	if err != nil {
		return failedForNow(failedTemplates, err)
	}
	v, isKnown := t.unchanged(es, st, fingerprint)
	if !isKnown || isRenewed(st, o) {
		v = t.write(ctx, es, st, k, o, fingerprint)
	}
	v.dueStill = o.Data.IsTimed() && !st.refresh.renews
	if v.err != nil {
		return v
	}
	if outcome.Creation(es) == v1.CreationOwner {
		if err := t.removeOrphans(ctx, es); err != nil {
			return failedForNow(failedOrphans, err)
		}
	}
	t.config.Host.Unfollow(es.UID, outcome.TargetOf(es).Kind)
	return v
}

// areAllGone tells whether every entry's key is positively gone. That a find matches nothing is no such evidence.
func areAllGone(es *v1.ExternalSecret, o *outcome.Outcome) bool {
	return len(o.Data.Missing) > 0 && len(o.Data.Missing) == len(es.Spec.Data)+len(es.Spec.DataFrom)
}

// retain leaves the target as it is.
func (t *term) retain(es *v1.ExternalSecret, st *state, message string) verdict {
	t.leaveAsSeen(es, st)
	return succeeded(v1.ReasonSecretSynced, message)
}

// leaveAsSeen takes the target as the host shows it for the one that was left.
func (t *term) leaveAsSeen(es *v1.ExternalSecret, st *state) {
	o := outcome.TargetOf(es)
	meta, exists, known := t.config.Host.Object(o)
	st.left = target{known: known, object: o, exists: exists, uid: meta.UID, version: meta.ResourceVersion, revision: meta.Revision}
}

// unchanged gives the verdict where inputs and target are those of the last time: then nothing is read, rendered or written.
func (t *term) unchanged(es *v1.ExternalSecret, st *state, fingerprint resolve.Fingerprint) (verdict, bool) {
	name, o := outcome.TargetName(es), outcome.TargetOf(es)
	meta, exists, _ := t.config.Host.Object(o)
	switch policy := outcome.Creation(es); {
	case policy == v1.CreationNone:
		t.leaveAsSeen(es, st)
		return succeeded(v1.ReasonSecretSynced, messageSynced).naming(""), true
	case policy == v1.CreationMerge && !exists:
		t.leaveAsSeen(es, st)
		return succeeded(v1.ReasonSecretMissing, messageMissing).naming(""), true
	}
	entry, ok := t.config.Ledger.Entry(es.UID)
	if !ok || entry.Fingerprint != fingerprint || !st.left.known || st.left.object != o {
		return verdict{}, false
	}
	if isLook := st.refresh.notBefore.IsZero(); isLook && entry.ResourceVersion != "" && outcome.Creation(es) == v1.CreationOrphan {
		// What others did to it is mended when a refresh falls due.
		return succeeded(v1.ReasonSecretSynced, messageSynced).naming(name), true
	}
	if !st.left.as(meta, exists) {
		return verdict{}, false
	}
	if entry.ResourceVersion == "" {
		// It could not be written, for a reason that still stands.
		return st.last, st.last.err != nil && !st.last.again && !(st.last.lacksRight() && t.config.Decider.MayTakeOver(es))
	}
	return succeeded(v1.ReasonSecretSynced, messageSynced).naming(name), exists && meta.UID == entry.SecretUID
}

// isRenewed tells whether values that time alone changes are to be those of now: a change elsewhere is no reason to write
// another one-time code.
func isRenewed(st *state, o *outcome.Outcome) bool { return o.Data.IsTimed() && st.refresh.renews }

// remove deletes the Secret of an ExternalSecret whose keys are all gone.
func (t *term) remove(ctx context.Context, es *v1.ExternalSecret, st *state, k keeper) verdict {
	o := outcome.TargetOf(es)
	meta, exists, _ := t.config.Host.Object(o)
	v := succeeded(v1.ReasonSecretDeleted, messageDeleted).naming("")
	if exists && !(st.left.known && st.left.object == o && !st.left.exists && st.left.uid == meta.UID) {
		owner := secret.OwnerOf(es)
		if outcome.Creation(es) != v1.CreationOwner || !owner.Controls(meta.Controller) || meta.CreatedBy != secret.CreatedBy(es.Namespace, es.Name) {
			t.leaveAsSeen(es, st)
			return failed(failedDelete, errNotOwned)
		}
		if err := k.delete(ctx, o.Namespace, o.Name, meta.UID, meta.ResourceVersion); err != nil {
			return failedForNow(failedDelete, err)
		}
		v.wrote = true
		t.events.normal(es, v1.EventDeleted, wordedFor(es, messageDeleted))
		t.logWritten(es, o, "deleted", "DeletionPolicy")
	}
	// The UID tells the Secret that was deleted from a new one while the watch still shows it.
	st.left = target{known: true, object: o, uid: meta.UID}
	t.config.Ledger.Record(es.UID, outcome.Entry{})
	return v
}

// removeOrphans deletes what is left of targets that were renamed, or were of another kind, now that the new one stands.
func (t *term) removeOrphans(ctx context.Context, es *v1.ExternalSecret) error {
	for _, orphan := range t.config.Host.Orphans(secret.OwnerOf(es), outcome.TargetOf(es)) {
		k, what := t.keeperOfOrphan(orphan)
		if orphan.Terminating || k == nil {
			continue
		}
		if err := k.delete(ctx, orphan.Namespace, orphan.Name, orphan.UID, orphan.ResourceVersion); err != nil {
			return err
		}
		t.events.normal(es, v1.EventDeleted, what+" "+orphan.Name+" deleted: it is the target no more")
		t.logWritten(es, host.Object{Kind: orphan.Kind, Namespace: orphan.Namespace, Name: orphan.Name}, "deleted", "no longer the target")
	}
	return nil
}

// isDamaged tells whether the target is not as it was left. An Orphan's is looked at when a refresh falls due, a None's
// never. What this term has not looked at yet is looked at now, where nothing else makes it.
func (t *term) isDamaged(ctx context.Context, es *v1.ExternalSecret, st *state) bool {
	policy := outcome.Creation(es)
	if policy == v1.CreationNone || policy == v1.CreationOrphan && !st.lastFailed.Load() {
		return false
	}
	o := outcome.TargetOf(es)
	meta, exists, known := t.config.Host.Object(o)
	if st.left.known {
		return st.left.object != o || known && !st.left.as(meta, exists)
	}
	if !known || st.refresh != nil || !isSynced(es) || st.lastFailed.Load() {
		return false
	}
	if !exists {
		t.leaveAsSeen(es, st)
		return !isMeantToBeAbsent(es)
	}
	// An uninstallation leaves Secrets without their owners.
	if policy == v1.CreationOwner && !secret.OwnerOf(es).Controls(meta.Controller) {
		return true
	}
	k, err := t.keeperOf(ctx, es)
	if err != nil {
		return true
	}
	existing, err := k.get(ctx, o.Namespace, o.Name)
	if err != nil || existing == nil || !k.intact(existing) {
		return true
	}
	st.left = leftAs(o, existing)
	return false
}

// isMeantToBeAbsent tells by its condition whether an ExternalSecret stands without its Secret.
func isMeantToBeAbsent(es *v1.ExternalSecret) bool {
	if outcome.Creation(es) == v1.CreationMerge {
		return true
	}
	ready := readyCondition(es)
	return ready != nil && (is(ready.Reason, wordedFor(es, v1.ReasonSecretDeleted)) ||
		is(ready.Message, wordedFor(es, messageRetained)) || is(ready.Message, wordedFor(es, messageEmpty)))
}
