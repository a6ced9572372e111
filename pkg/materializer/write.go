package materializer

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
)

var errNotOwned = errors.New("deletionPolicy Delete deletes only a Secret that the ExternalSecret owns (creationPolicy Owner)")

var errLeaving = errors.New("the ExternalSecret is being deleted")

// collisions is how often a write that collides with another's is decided upon anew before it is put off.
const collisions = 3

// write renders the target and writes it where it differs.
func (t *term) write(ctx context.Context, es *v1.ExternalSecret, st *state, o *outcome.Outcome, fingerprint resolve.Fingerprint) verdict {
	rendered, err := o.Render(ctx)
	if err != nil {
		t.recordNothing(es, st, fingerprint)
		return failedToRender(err)
	}
	_, exists := t.config.Host.Secret(es.Namespace, outcome.TargetName(es))
	_, isKnown := t.config.Ledger.Entry(es.UID)
	look := exists || isKnown
	for range collisions {
		var existing *corev1.Secret
		if look {
			if existing, err = t.config.Secrets.Get(ctx, es.Namespace, outcome.TargetName(es)); err != nil {
				return failedForNow(failedRead, err)
			}
		}
		var v verdict
		v, err = t.carryOut(ctx, es, st, o, rendered, existing, fingerprint)
		if !isConflict(err) {
			return v
		}
		look = true
	}
	return failedForNow(failedWrite, err)
}

// carryOut decides between what is rendered and what stands, and does it. The error is a collision with another's write.
func (t *term) carryOut(ctx context.Context, es *v1.ExternalSecret, st *state, o *outcome.Outcome, rendered *template.Rendered,
	existing *corev1.Secret, fingerprint resolve.Fingerprint) (verdict, error) {
	name := outcome.TargetName(es)
	if !isRenewed(st, o) && (t.isAsRecorded(es, existing, fingerprint) || t.isAdopted(es, o, rendered, existing)) {
		entry, _ := t.config.Ledger.Entry(es.UID)
		t.record(es, st, fingerprint, existing, entry.Frozen)
		return succeeded(reasonSynced, messageSynced).naming(name), nil
	}
	owner := secret.OwnerOf(es)
	plan, refusal := t.config.Decider.Decide(es, rendered, existing)
	var written *corev1.Secret
	if plan.Action == secret.Update && takesUp(owner, plan.Secret(), existing) {
		if err := t.isThere(ctx, es); err != nil {
			return failedForNow(failedOwnership, err), nil
		}
	}
	if plan.Action != "" {
		var err error
		if written, err = t.config.Secrets.CarryOut(ctx, owner, plan); err != nil {
			return failedForNow(failedWrite, err), err
		}
	}
	if refusal != nil {
		t.recordNothing(es, st, fingerprint)
		if written != nil {
			existing = written
		}
		if existing != nil {
			st.left = target{known: true, name: name, exists: true, uid: existing.UID, version: existing.ResourceVersion}
		}
		return refused(refusal), nil
	}
	if plan.Action == secret.Await {
		st.left = target{known: true, name: name}
		return succeeded(reasonMissing, messageMissing).naming(""), nil
	}
	t.record(es, st, fingerprint, written, plan.Frozen)
	v := succeeded(reasonSynced, messageSynced).naming(name)
	switch plan.Action {
	case secret.Create:
		v.wrote = true
		t.events.normal(es, eventCreated, "secret created")
	case secret.Update:
		v.wrote = true
		t.events.normal(es, eventUpdated, "secret updated")
	}
	return v, nil
}

// takesUp tells whether a write makes the ExternalSecret the owner of a Secret that it did not own.
func takesUp(owner secret.Owner, next, existing *corev1.Secret) bool {
	return owner.Controls(metav1.GetControllerOf(next)) && !owner.Controls(metav1.GetControllerOf(existing))
}

// isThere is an error where the ExternalSecret is going or gone, though the informer does not show it yet. One that is deleted
// with --cascade=orphan first has its Secret released: to own that again would have it collected.
func (t *term) isThere(ctx context.Context, es *v1.ExternalSecret) error {
	now, err := t.config.Client.ExternalSecretsV1().ExternalSecrets(es.Namespace).Get(ctx, es.Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("look whether the ExternalSecret is there: %w", err)
	}
	if now.UID != es.UID || now.DeletionTimestamp != nil {
		return errLeaving
	}
	return nil
}

// record notes what stands.
func (t *term) record(es *v1.ExternalSecret, st *state, fingerprint resolve.Fingerprint, standing *corev1.Secret, isFrozen bool) {
	t.config.Ledger.Record(es.UID, outcome.Entry{
		Fingerprint: fingerprint, SecretUID: standing.UID, ResourceVersion: standing.ResourceVersion, Frozen: isFrozen,
	})
	st.left = target{known: true, name: standing.Name, exists: true, uid: standing.UID, version: standing.ResourceVersion}
}

// recordNothing notes that nothing could be written from these inputs.
func (t *term) recordNothing(es *v1.ExternalSecret, st *state, fingerprint resolve.Fingerprint) {
	t.config.Ledger.Record(es.UID, outcome.Entry{Fingerprint: fingerprint})
	t.leaveAsSeen(es, st)
}

// isAsRecorded tells whether what stands on the host is what was last written from these inputs, although the watch, which may
// lag behind the write, does not show it.
func (t *term) isAsRecorded(es *v1.ExternalSecret, existing *corev1.Secret, fingerprint resolve.Fingerprint) bool {
	entry, ok := t.config.Ledger.Entry(es.UID)
	return ok && existing != nil && existing.DeletionTimestamp == nil && entry.Fingerprint == fingerprint &&
		entry.SecretUID == existing.UID && entry.ResourceVersion == existing.ResourceVersion
}

// isAdopted tells whether a Secret that stands from before is taken for what would be written now, where a template that
// draws random numbers or reads the clock would change it each time: it holds what was written, for this very ExternalSecret
// as it is, and no key is known to have changed since.
func (t *term) isAdopted(es *v1.ExternalSecret, o *outcome.Outcome, rendered *template.Rendered, existing *corev1.Secret) bool {
	if _, isKnown := t.config.Ledger.Entry(es.UID); isKnown || rendered.Deterministic || existing == nil || existing.DeletionTimestamp != nil {
		return false
	}
	if !secret.Intact(existing) || !isSynced(es) || es.Status.RefreshTime == nil {
		return false
	}
	if outcome.Creation(es) == v1.CreationOwner && !secret.OwnerOf(es).Controls(metav1.GetControllerOf(existing)) {
		return false
	}
	for _, source := range o.Data.Sources {
		if source.UpdatedTime != nil && source.UpdatedTime.After(es.Status.RefreshTime.Time) {
			return false
		}
	}
	return true
}

// restore writes again what was last written, from what is held, where a refresh cannot be had at the moment.
func (t *term) restore(ctx context.Context, es *v1.ExternalSecret, st *state) {
	entry, ok := t.config.Ledger.Entry(es.UID)
	if !ok || entry.ResourceVersion == "" {
		return
	}
	o := t.config.Evaluator.Evaluate(ctx, es, outcome.Ask{Held: true})
	if o.Err != nil || len(o.Data.Values) == 0 {
		return
	}
	fingerprint, err := o.Fingerprint(ctx)
	if err != nil || fingerprint != entry.Fingerprint {
		return
	}
	if v := t.write(ctx, es, st, o, fingerprint); v.wrote {
		st.unreported = true
	}
}

// isConflict tells whether somebody else was faster: what is there is to be read and decided upon again.
func isConflict(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err)
}

func is(text *string, wanted string) bool { return ptr.Deref(text, "") == wanted }
