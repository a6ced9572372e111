package externalsecret

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/author"
)

// Resources finds where the host serves a kind. The error is a *secret.Refusal where objects of the kind are not written.
type Resources interface {
	Find(ctx context.Context, kind schema.GroupVersionKind) (schema.GroupVersionResource, error)
}

// Authors asks who writes the spec of an ExternalSecret for the rights that its stores and its target take beside the right
// to write ExternalSecrets. What is nil asks nothing.
type Authors struct {
	Rights *author.Rights
	// Stores are those that it takes from.
	Stores *StoreUse
	// Takeovers are about Secrets that nobody manages.
	Takeovers *Takeovers
	// Resources are set where targets may be of other kinds than Secret: whoever has this server write such an object must
	// be allowed to write it, for the server's rights may reach further than theirs.
	Resources Resources
}

// check keeps a spec out whose author may not use its stores, or may not have its target written.
func (a *Authors) check(ctx context.Context, es *v1.ExternalSecret) error {
	if err := a.Stores.check(ctx, es); err != nil {
		return err
	}
	return a.checkTarget(ctx, es)
}

func (a *Authors) checkTarget(ctx context.Context, es *v1.ExternalSecret) error {
	kind, isGeneric := es.Spec.Target.GenericKind()
	switch {
	case !isGeneric:
		return a.Takeovers.refuse(ctx, es)
	case a.Resources == nil || outcome.Creation(es) == v1.CreationNone:
		return nil
	}
	resource, err := a.Resources.Find(ctx, kind)
	var unfit *secret.Refusal
	switch {
	case errors.As(err, &unfit):
		// Nothing is written as long as that holds; the Ready condition says why. A kind that the host is yet to serve will most
		// likely be found where kinds usually are.
		resource, _ = meta.UnsafeGuessKindToResource(kind)
	case err != nil:
		return apierrors.NewInternalError(fmt.Errorf("find where the host serves %s (spec.target.manifest): %w", kind.Kind, err))
	}
	for _, verb := range []string{"create", "update"} {
		if err := a.Rights.Check(ctx, author.Action{
			Verb: verb, Resource: resource, Namespace: es.Namespace, Name: outcome.TargetName(es),
			For: "which an ExternalSecret needs that is written there (spec.target.manifest)",
		}); err != nil {
			return err
		}
	}
	return nil
}
