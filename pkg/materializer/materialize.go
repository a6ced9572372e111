package materializer

import (
	"context"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
)

// materialize makes the target what the ExternalSecret came to.
func (t *term) materialize(ctx context.Context, es *v1.ExternalSecret, st *state, o *outcome.Outcome) verdict {
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
			return t.remove(ctx, es, st)
		}
	}
	fingerprint, err := o.Fingerprint(ctx)
	if err != nil {
		return failedForNow(failedTemplates, err)
	}
	v, isKnown := t.unchanged(es, st, fingerprint)
	if !isKnown || isRenewed(st, o) {
		v = t.write(ctx, es, st, o, fingerprint)
	}
	v.dueStill = o.Data.IsTimed() && !st.refresh.renews
	if v.err == nil && outcome.Creation(es) == v1.CreationOwner {
		if err := t.removeOrphans(ctx, es); err != nil {
			return failedForNow(failedOrphans, err)
		}
	}
	return v
}

// areAllGone tells whether every entry's key is positively gone. That a find matches nothing is no such evidence.
func areAllGone(es *v1.ExternalSecret, o *outcome.Outcome) bool {
	return len(o.Data.Missing) > 0 && len(o.Data.Missing) == len(es.Spec.Data)+len(es.Spec.DataFrom)
}

// retain leaves the target as it is.
func (t *term) retain(es *v1.ExternalSecret, st *state, message string) verdict {
	t.leaveAsSeen(es, st)
	return succeeded(reasonSynced, message)
}

// leaveAsSeen takes the target as the host shows it for the one that was left.
func (t *term) leaveAsSeen(es *v1.ExternalSecret, st *state) {
	name := outcome.TargetName(es)
	meta, exists := t.config.Host.Secret(es.Namespace, name)
	st.left = target{known: true, name: name, exists: exists, uid: meta.UID, version: meta.ResourceVersion}
}

// unchanged gives the verdict where inputs and target are those of the last time: then nothing is read, rendered or written.
func (t *term) unchanged(es *v1.ExternalSecret, st *state, fingerprint resolve.Fingerprint) (verdict, bool) {
	name := outcome.TargetName(es)
	meta, exists := t.config.Host.Secret(es.Namespace, name)
	switch policy := outcome.Creation(es); {
	case policy == v1.CreationNone:
		t.leaveAsSeen(es, st)
		return succeeded(reasonSynced, messageSynced).naming(""), true
	case policy == v1.CreationMerge && !exists:
		t.leaveAsSeen(es, st)
		return succeeded(reasonMissing, messageMissing).naming(""), true
	}
	entry, ok := t.config.Ledger.Entry(es.UID)
	if !ok || entry.Fingerprint != fingerprint || !st.left.known || st.left.name != name {
		return verdict{}, false
	}
	if isLook := st.refresh.notBefore.IsZero(); isLook && entry.ResourceVersion != "" && outcome.Creation(es) == v1.CreationOrphan {
		// What others did to it is mended when a refresh falls due.
		return succeeded(reasonSynced, messageSynced).naming(name), true
	}
	if !st.left.as(meta, exists) {
		return verdict{}, false
	}
	if entry.ResourceVersion == "" {
		// It could not be written, for a reason that still stands.
		return st.last, st.last.err != nil && !st.last.again && !(st.last.lacksRight() && t.config.Decider.MayTakeOver(es))
	}
	return succeeded(reasonSynced, messageSynced).naming(name), exists && meta.UID == entry.SecretUID
}

// isRenewed tells whether values that time alone changes are to be those of now: a change elsewhere is no reason to write
// another one-time code.
func isRenewed(st *state, o *outcome.Outcome) bool { return o.Data.IsTimed() && st.refresh.renews }

// remove deletes the Secret of an ExternalSecret whose keys are all gone.
func (t *term) remove(ctx context.Context, es *v1.ExternalSecret, st *state) verdict {
	name := outcome.TargetName(es)
	meta, exists := t.config.Host.Secret(es.Namespace, name)
	v := succeeded(reasonDeleted, messageDeleted).naming("")
	if exists && !(st.left.known && st.left.name == name && !st.left.exists && st.left.uid == meta.UID) {
		owner := secret.OwnerOf(es)
		if outcome.Creation(es) != v1.CreationOwner || !owner.Controls(meta.Controller) || meta.CreatedBy != secret.CreatedBy(es.Namespace, es.Name) {
			t.leaveAsSeen(es, st)
			return failed(failedDelete, errNotOwned)
		}
		if err := t.config.Secrets.Delete(ctx, es.Namespace, name, meta.UID, meta.ResourceVersion); err != nil {
			return failedForNow(failedDelete, err)
		}
		v.wrote = true
		t.events.normal(es, eventDeleted, messageDeleted)
	}
	// The UID tells the Secret that was deleted from a new one while the watch still shows it.
	st.left = target{known: true, name: name, uid: meta.UID}
	t.config.Ledger.Record(es.UID, outcome.Entry{})
	return v
}

// removeOrphans deletes what is left of targets that were renamed, now that the new one stands.
func (t *term) removeOrphans(ctx context.Context, es *v1.ExternalSecret) error {
	for _, orphan := range t.config.Host.OrphanedSecrets(secret.OwnerOf(es), outcome.TargetName(es)) {
		if orphan.Terminating {
			continue
		}
		if err := t.config.Secrets.Delete(ctx, orphan.Namespace, orphan.Name, orphan.UID, orphan.ResourceVersion); err != nil {
			return err
		}
		t.events.normal(es, eventDeleted, "secret "+orphan.Name+" deleted: it is the target no more")
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
	name := outcome.TargetName(es)
	meta, exists := t.config.Host.Secret(es.Namespace, name)
	if st.left.known {
		return st.left.name != name || !st.left.as(meta, exists)
	}
	if st.refresh != nil || !isSynced(es) || st.lastFailed.Load() {
		return false
	}
	if !exists {
		t.leaveAsSeen(es, st)
		return !isMeantToBeAbsent(es)
	}
	existing, err := t.config.Secrets.Get(ctx, es.Namespace, name)
	if err != nil || existing == nil || !secret.Intact(existing) {
		return true
	}
	st.left = target{known: true, name: name, exists: true, uid: existing.UID, version: existing.ResourceVersion}
	return false
}

// isMeantToBeAbsent tells by its condition whether an ExternalSecret stands without its Secret.
func isMeantToBeAbsent(es *v1.ExternalSecret) bool {
	if outcome.Creation(es) == v1.CreationMerge {
		return true
	}
	ready := readyCondition(es)
	return ready != nil && (is(ready.Reason, reasonDeleted) || is(ready.Message, messageRetained) || is(ready.Message, messageEmpty))
}
