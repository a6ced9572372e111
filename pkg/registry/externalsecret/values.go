package externalsecret

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/author"
)

// coreSecrets are the Secrets of the host.
var coreSecrets = corev1.SchemeGroupVersion.WithResource("secrets")

// ValueReaders tells who may see values: whoever may get both the secret subresource and the core Secret that the
// ExternalSecret is written to. A live read never shows more than reading the Secret would.
type ValueReaders struct {
	Rights *author.Rights
}

// Allowed tells whether the request's user may see the values of es. Where the host cannot be asked, nobody may.
func (v *ValueReaders) Allowed(ctx context.Context, es *v1.ExternalSecret) bool {
	return v.Rights.Check(ctx, readSubresource(es)) == nil && v.CheckTarget(ctx, es) == nil
}

// CheckTarget is a Forbidden error that says what is missing, for a user who may not get the core Secret of es.
func (v *ValueReaders) CheckTarget(ctx context.Context, es *v1.ExternalSecret) error {
	return v.Rights.Check(ctx, author.Action{
		Verb: "get", Resource: coreSecrets, Namespace: es.Namespace, Name: outcome.TargetName(es),
		For: "which reading its values live needs too",
	})
}

func readSubresource(es *v1.ExternalSecret) author.Action {
	return author.Action{
		Verb: "get", Resource: v1.SchemeGroupVersion.WithResource("externalsecrets"), Subresource: "secret",
		Namespace: es.Namespace, Name: es.Name, For: "which its values need",
	}
}
