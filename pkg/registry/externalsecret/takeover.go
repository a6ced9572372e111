package externalsecret

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/author"
)

// Takeovers asks who writes the spec of an ExternalSecret for the right to update the Secret of its target: a Secret that
// no ExternalSecret manages is somebody's, and this server's own right to write it must not be lent. The Secret may come
// after the spec, so the answer is kept in status.takeoverGeneration, for the generation that it is about. A nil Takeovers
// asks nobody anything.
type Takeovers struct {
	Rights  *author.Rights
	Targets outcome.Targets
}

// takeoverRequest is what the user of one request was found to be allowed, by the name of the target. One goroutine at a
// time serves a request.
type takeoverRequest struct {
	*Takeovers
	answers map[string]error
}

type takeoverKey struct{}

// begin has a request remember its answers: the Store may try a write several times.
func (t *Takeovers) begin(ctx context.Context) context.Context {
	if t == nil {
		return ctx
	}
	return context.WithValue(ctx, takeoverKey{}, &takeoverRequest{Takeovers: t, answers: map[string]error{}})
}

// check is nil where the user of the request may update the target of es.
func (r *takeoverRequest) check(ctx context.Context, es *v1.ExternalSecret) error {
	name := outcome.TargetName(es)
	err, known := r.answers[name]
	if !known {
		err = r.Rights.Check(ctx, author.Action{
			Verb: "update", Resource: coreSecrets, Namespace: es.Namespace, Name: name,
			For: "which an ExternalSecret needs that takes over a Secret (spec.target.name)",
		})
		r.answers[name] = err
	}
	return err
}

// takesOver tells whether a Secret may become the target of es.
func takesOver(es *v1.ExternalSecret) bool {
	_, isGeneric := es.Spec.Target.GenericKind()
	return !isGeneric && outcome.Creation(es) != v1.CreationNone
}

// recordTakeover notes in es that the user of the request may update its target. It does nothing for requests that were
// not begun.
func recordTakeover(ctx context.Context, es *v1.ExternalSecret) {
	r, ok := ctx.Value(takeoverKey{}).(*takeoverRequest)
	if !ok || !takesOver(es) {
		return
	}
	if r.check(ctx, es) == nil {
		es.Status.TakeoverGeneration = ptr.To(es.Generation)
	}
}

// refuse says why a spec that was just written is not let in: its target is a Secret that nobody manages, and its author
// may not update it. Where the host does not answer, nothing is let in that would stand as refused.
func (t *Takeovers) refuse(ctx context.Context, es *v1.ExternalSecret) error {
	r, ok := ctx.Value(takeoverKey{}).(*takeoverRequest)
	if !ok || !takesOver(es) {
		return nil
	}
	err := r.check(ctx, es)
	if err == nil || !apierrors.IsForbidden(err) {
		return err
	}
	standing, exists, _ := t.Targets.Object(outcome.TargetOf(es))
	if !exists || standing.Managed || secret.OwnerOf(es).Controls(standing.Controller) {
		return nil
	}
	return err
}
