package materializer

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

var errNotOwned = errors.New("deletionPolicy Delete deletes only a Secret that the ExternalSecret owns (creationPolicy Owner)")

var errLeaving = errors.New("the ExternalSecret is being deleted")

// collisions is how often a write that collides with another's is decided upon anew before it is put off.
const collisions = 3

// write renders the target and writes it where it differs.
func (t *term) write(ctx context.Context, es *v1.ExternalSecret, st *state, k keeper, o *outcome.Outcome, fingerprint resolve.Fingerprint) verdict {
	ctx, span := tracing.Start(ctx, tracing.Write)
	defer span.End()
	rendered, err := o.Render(ctx)
	if err != nil {
		t.recordNothing(es, st, fingerprint)
		return failedToRender(err)
	}
	_, exists, _ := t.config.Host.Object(outcome.TargetOf(es))
	_, isKnown := t.config.Ledger.Entry(es.UID)
	look := exists || isKnown
	for range collisions {
		var existing metav1.Object
		if look {
			if existing, err = k.get(ctx, es.Namespace, outcome.TargetName(es)); err != nil {
				return failedForNow(failedRead, err)
			}
		}
		var v verdict
		v, err = t.carryOut(ctx, es, st, k, o, rendered, existing, fingerprint)
		if !isConflict(err) {
			return v
		}
		look = true
	}
	return failedForNow(failedWrite, err)
}

// carryOut decides between what is rendered and what stands, and does it. The error is a collision with another's write.
func (t *term) carryOut(ctx context.Context, es *v1.ExternalSecret, st *state, k keeper, o *outcome.Outcome, rendered *template.Rendered,
	existing metav1.Object, fingerprint resolve.Fingerprint) (verdict, error) {
	name := outcome.TargetName(es)
	if !isRenewed(st, o) && (t.isAsRecorded(es, existing, fingerprint) || t.isAdopted(es, k, o, rendered, existing)) {
		entry, _ := t.config.Ledger.Entry(es.UID)
		t.record(es, st, fingerprint, existing, entry.Frozen)
		return succeeded(v1.ReasonSecretSynced, messageSynced).naming(name), nil
	}
	plan, refusal := k.decide(es, rendered, existing)
	tracing.Of(ctx).Result(string(plan.action))
	if plan.action == secret.Update && takesUp(secret.OwnerOf(es), plan.next, existing) {
		if err := t.isThere(ctx, es); err != nil {
			return failedForNow(failedOwnership, err), nil
		}
	}
	var written metav1.Object
	if plan.action != "" {
		var err error
		if written, err = plan.carryOut(ctx); err != nil {
			return failedForNow(failedWrite, err), err
		}
	}
	if refusal != nil {
		t.recordNothing(es, st, fingerprint)
		if written != nil {
			existing = written
		}
		if existing != nil {
			st.left = leftAs(outcome.TargetOf(es), existing)
		}
		return refused(refusal), nil
	}
	if plan.action == secret.Await {
		st.left = target{known: true, object: outcome.TargetOf(es)}
		return succeeded(v1.ReasonSecretMissing, messageMissing).naming(""), nil
	}
	t.record(es, st, fingerprint, written, plan.frozen)
	v := succeeded(v1.ReasonSecretSynced, messageSynced).naming(name)
	switch {
	case plan.action == secret.Create:
		v.wrote = true
		t.events.normal(es, v1.EventCreated, wordedFor(es, "secret created"))
		t.logWritten(es, outcome.TargetOf(es), "created", classNames[st.refresh.class])
	// A server that defaults again what was taken away has changed nothing.
	case plan.action == secret.Update && written.GetResourceVersion() != existing.GetResourceVersion():
		v.wrote = true
		t.events.normal(es, v1.EventUpdated, wordedFor(es, "secret updated"))
		t.logWritten(es, outcome.TargetOf(es), "updated", classNames[st.refresh.class])
	}
	return v, nil
}

// takesUp tells whether a write makes the ExternalSecret the owner of a target that it did not own.
func takesUp(owner secret.Owner, next, existing metav1.Object) bool {
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
func (t *term) record(es *v1.ExternalSecret, st *state, fingerprint resolve.Fingerprint, standing metav1.Object, isFrozen bool) {
	st.left = leftAs(outcome.TargetOf(es), standing)
	t.config.Ledger.Record(es.UID, outcome.Entry{
		Fingerprint: fingerprint, SecretUID: st.left.uid, ResourceVersion: st.left.version, Revision: st.left.revision, Frozen: isFrozen,
	})
}

// recordNothing notes that nothing could be written from these inputs.
func (t *term) recordNothing(es *v1.ExternalSecret, st *state, fingerprint resolve.Fingerprint) {
	t.config.Ledger.Record(es.UID, outcome.Entry{Fingerprint: fingerprint})
	t.leaveAsSeen(es, st)
}

// isAsRecorded tells whether what stands on the host is what was last written from these inputs, although the watch, which may
// lag behind the write, does not show it.
func (t *term) isAsRecorded(es *v1.ExternalSecret, existing metav1.Object, fingerprint resolve.Fingerprint) bool {
	entry, ok := t.config.Ledger.Entry(es.UID)
	return ok && existing != nil && existing.GetDeletionTimestamp() == nil && entry.Fingerprint == fingerprint &&
		entry.SecretUID == existing.GetUID() && entry.ResourceVersion == existing.GetResourceVersion()
}

// isAdopted tells whether a Secret that stands from before is taken for what would be written now, where a template that
// draws random numbers or reads the clock would change it each time: it holds what was written, for this very ExternalSecret
// as it is, and no key is known to have changed since.
func (t *term) isAdopted(es *v1.ExternalSecret, k keeper, o *outcome.Outcome, rendered *template.Rendered, existing metav1.Object) bool {
	if _, isKnown := t.config.Ledger.Entry(es.UID); isKnown || rendered.Deterministic || existing == nil || existing.GetDeletionTimestamp() != nil {
		return false
	}
	if !k.intact(existing) || !isSynced(es) || es.Status.RefreshTime == nil {
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
	k, err := t.keeperOf(ctx, es)
	if err != nil {
		return
	}
	if v := t.write(ctx, es, st, k, o, fingerprint); v.wrote {
		st.unreported = true
	}
}

// isConflict tells whether somebody else was faster: what is there is to be read and decided upon again.
func isConflict(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err)
}

func is(text *string, wanted string) bool { return ptr.Deref(text, "") == wanted }
