package outcome

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
)

// SecretReader reads a Secret of the host; nil where there is none.
type SecretReader interface {
	Get(ctx context.Context, namespace, name string) (*corev1.Secret, error)
}

// Previewer shows Secrets as they would be written. It is safe for concurrent use.
type Previewer struct {
	Secrets SecretReader
	Ledger  *Ledger
	Decider Decider
}

// ErrNoSecret says that an ExternalSecret is written to another kind of object.
var ErrNoSecret = errors.New("spec.target.manifest names another kind than Secret: only a Secret can be read before it is written")

// Preview is the Secret of es as it would stand if it were written now. Where the inputs are those of the last write, it
// is the Secret that stands: a template that draws random numbers is not rendered again. A one-time code is always that of
// now. An error is a *template.Error, a *secret.Refusal, ErrNoSecret, or the host's.
func (p *Previewer) Preview(ctx context.Context, es *v1.ExternalSecret, o *Outcome) (*corev1.Secret, error) {
	if _, isGeneric := es.Spec.Target.GenericKind(); isGeneric {
		return nil, ErrNoSecret
	}
	existing, err := p.existing(ctx, es)
	if err != nil {
		return nil, err
	}
	fingerprint, err := o.Fingerprint(ctx)
	if err != nil {
		return nil, err
	}
	if entry, ok := p.Ledger.Entry(es.UID); ok && existing != nil && !o.Data.IsTimed() && entry.Fingerprint == fingerprint &&
		entry.SecretUID == existing.UID && entry.ResourceVersion == existing.ResourceVersion {
		return shown(existing), nil
	}
	rendered, err := o.Render(ctx)
	if err != nil {
		return nil, err
	}
	plan, err := p.Decider.Decide(es, rendered, existing)
	if err != nil {
		return nil, err
	}
	return shown(plan.Secret()), nil
}

// existing reads the Secret that stands. Where the host does not answer, values that need nothing of it are shown all the
// same: direct callers go on reading while the host's API server restarts.
func (p *Previewer) existing(ctx context.Context, es *v1.ExternalSecret) (*corev1.Secret, error) {
	if Creation(es) == v1.CreationNone {
		return nil, nil
	}
	existing, err := p.Secrets.Get(ctx, es.Namespace, TargetName(es))
	if err != nil && shared(es) {
		return nil, err
	}
	return existing, nil
}

// shown is a copy for an answer, without the bookkeeping of field managers.
func shown(s *corev1.Secret) *corev1.Secret {
	s = s.DeepCopy()
	s.ManagedFields = nil
	return s
}

// DesiredOf is what a rendered template asks of a Secret.
func DesiredOf(r *template.Rendered) secret.Desired {
	return secret.Desired{
		Type: r.Type, Labels: r.Labels, Annotations: r.Annotations, Finalizers: r.Finalizers, Uncopied: r.Uncopied,
		Data: r.Data, Immutable: ptr.Deref(r.Immutable, false),
	}
}
