package materializer

import (
	"context"
	"time"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
)

// reclaim puts right, whatever the provider does, an owner reference that names an earlier ExternalSecret of the name: the
// garbage collector would delete the Secret.
func (t *term) reclaim(ctx context.Context, es *v1.ExternalSecret, st *state) {
	object, owner, policy := outcome.TargetOf(es), secret.OwnerOf(es), outcome.Creation(es)
	meta, exists, _ := t.config.Host.Object(object)
	if object.Kind != host.KindSecret || !exists || !owner.Controls(meta.Controller) || meta.Controller.UID == es.UID || policy == v1.CreationNone {
		return
	}
	existing, err := t.config.Secrets.Get(ctx, es.Namespace, object.Name)
	if err == nil && existing != nil {
		_, err = t.config.Secrets.CarryOut(ctx, owner, secret.Reclaim(owner, policy, existing))
	}
	if err != nil {
		t.config.Logger.Warn("Owner reference to an earlier ExternalSecret not put right",
			"externalSecret", keyOf(es).String(), "target", logName(string(object.Kind), object.Namespace, object.Name), "err", err.Error())
		st.repairAt = soonest(st.repairAt, time.Now().Add(shortestBackoff))
	}
}
