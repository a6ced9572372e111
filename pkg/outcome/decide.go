package outcome

import (
	corev1 "k8s.io/api/core/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
)

// Decider decides what becomes of targets, for the materializer and for previews alike.
type Decider struct {
	// AuthorizeTakeover leaves a Secret that nobody manages alone unless the author of the spec may update it.
	AuthorizeTakeover bool
}

// Decide is secret.Decide for an ExternalSecret that was rendered.
func (d Decider) Decide(es *v1.ExternalSecret, rendered *template.Rendered, existing *corev1.Secret) (secret.Plan, error) {
	owner := secret.OwnerOf(es)
	plan, err := secret.Decide(owner, Creation(es), TargetName(es), DesiredOf(rendered), existing)
	if err != nil || existing == nil || plan.Action == secret.Skip || d.MayTakeOver(es) {
		return plan, err
	}
	if err := secret.RefuseTakeover(owner, existing); err != nil {
		return secret.Plan{}, err
	}
	return plan, nil
}

// MayTakeOver tells whether a Secret that nobody manages may become the target of es.
func (d Decider) MayTakeOver(es *v1.ExternalSecret) bool {
	may := es.Status.TakeoverGeneration
	return !d.AuthorizeTakeover || may != nil && *may == es.Generation
}
