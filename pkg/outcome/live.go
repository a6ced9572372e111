package outcome

import (
	"context"
	"errors"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
)

// Messages of live states. They hold nothing that was rendered.
const (
	messageDrifted   = "the Secret is not what would be written now"
	messageFrozen    = "the Secret is immutable, and the provider shows other values"
	messageMissing   = "no Secret has been written yet"
	messageForeign   = "the store is left to another controller class"
	messageNotMade   = "the Secret cannot be made of what the provider shows; the Ready condition says where"
	messageUncertain = "the Secret has not been compared since this server started"
)

// Secrets shows the metadata of the host's Secrets.
type Secrets interface {
	Secret(namespace, name string) (host.Metadata, bool)
}

// Comparer tells how a written Secret stands to what would be written now. It is safe for concurrent use.
type Comparer struct {
	Secrets Secrets
	Ledger  *Ledger
}

// TargetName is the name of the Secret that es is written to.
func TargetName(es *v1.ExternalSecret) string {
	if es.Spec.Target != nil && ptr.Deref(es.Spec.Target.Name, "") != "" {
		return *es.Spec.Target.Name
	}
	return es.Name
}

// Creation is the creation policy of es.
func Creation(es *v1.ExternalSecret) v1.CreationPolicy {
	if es.Spec.Target == nil {
		return v1.CreationOwner
	}
	return ptr.Deref(es.Spec.Target.CreationPolicy, v1.CreationOwner)
}

// Live is the status.live of an ExternalSecret whose outcome is o.
func (c *Comparer) Live(ctx context.Context, es *v1.ExternalSecret, o *Outcome) *v1.LiveStatus {
	live := o.KeysStatus()
	if live.State == "" {
		live.State, live.Message = c.compare(ctx, es, o)
	}
	if es.UID != "" {
		c.Ledger.Observe(es.UID, live.State)
	}
	return live
}

// KeysStatus is status.live without what rendering shows: which keys are there, at which versions, or why not. Its State is
// empty where nothing is wrong.
func (o *Outcome) KeysStatus() *v1.LiveStatus {
	live := o.sources()
	switch {
	case o.Foreign:
		live.State, live.Message = v1.LiveUnknown, messageForeign
	case o.Err != nil:
		live.State, live.Message = v1.LiveState(o.Reason()), o.Err.Error()
	}
	return live
}

// BlindStatus is KeysStatus for somebody who may not read values, about a spec of their own making. A property, an
// encoding or a rewrite that fails tells something of a value: it looks as if nothing were wrong. Versions are left out,
// since a failed entry has none.
func (o *Outcome) BlindStatus() *v1.LiveStatus {
	live := o.sources()
	live.Sources = slices.Clone(live.Sources)
	for i := range live.Sources {
		live.Sources[i].Version, live.Sources[i].UpdatedTime = "", nil
	}
	if o.Foreign {
		live.State, live.Message = v1.LiveUnknown, messageForeign
		return live
	}
	if shown := o.KeyErrors(); len(shown) > 0 {
		live.State, live.Message = v1.LiveState(shown.Reason()), shown.Error()
	}
	return live
}

// KeyErrors is what is wrong with stores and keys, whatever the values are.
func (o *Outcome) KeyErrors() resolve.Errors {
	var all, shown resolve.Errors
	if !errors.As(o.Err, &all) {
		return nil
	}
	for _, err := range all {
		if err.Reason != provider.Invalid || errors.Is(err, errStore) {
			shown = append(shown, err)
		}
	}
	return shown
}

func (o *Outcome) sources() *v1.LiveStatus {
	live := &v1.LiveStatus{}
	if o.Data == nil {
		return live
	}
	live.Sources = o.Data.Sources
	if !o.Data.Observed.IsZero() {
		live.ObservedTime = &metav1.Time{Time: o.Data.Observed.UTC().Truncate(time.Second)}
	}
	return live
}

// Exists tells whether there is a Secret of the target's name.
func (c *Comparer) Exists(es *v1.ExternalSecret) bool {
	_, exists := c.Secrets.Secret(es.Namespace, TargetName(es))
	return exists
}

// CompareRendered compares a spec that may not be the stored one: what was rendered counts, not what was written for the
// object before.
func (c *Comparer) CompareRendered(ctx context.Context, es *v1.ExternalSecret, o *Outcome) (v1.LiveState, string) {
	rendered, err := o.Render(ctx)
	written, exists := c.Secrets.Secret(es.Namespace, TargetName(es))
	switch {
	case err != nil:
		return v1.LiveInvalid, messageNotMade
	case Creation(es) == v1.CreationNone:
		return v1.LiveVirtual, ""
	case !exists:
		return v1.LiveMissing, messageMissing
	case !rendered.Deterministic || shared(es):
		return v1.LiveUnknown, messageUncertain
	case secret.HashOf(rendered.Data) == written.DataHash:
		return v1.LiveInSync, ""
	}
	return v1.LiveDrifted, messageDrifted
}

// shared tells whether others write to the target too: then its marks tell nothing of this ExternalSecret's part.
func shared(es *v1.ExternalSecret) bool {
	policy := Creation(es)
	return policy == v1.CreationMerge || policy == v1.CreationCreateOrMerge
}

func (c *Comparer) compare(ctx context.Context, es *v1.ExternalSecret, o *Outcome) (v1.LiveState, string) {
	if Creation(es) == v1.CreationNone {
		return v1.LiveVirtual, ""
	}
	written, exists := c.Secrets.Secret(es.Namespace, TargetName(es))
	if !exists {
		return v1.LiveMissing, messageMissing
	}
	fingerprint, err := o.Fingerprint(ctx)
	if err != nil {
		return v1.LiveInvalid, messageNotMade
	}
	if entry, ok := c.Ledger.Entry(es.UID); ok {
		return against(entry, fingerprint == entry.Fingerprint, written)
	}
	if shared(es) {
		return v1.LiveUnknown, messageUncertain
	}
	if hash, known := c.Ledger.hash(es.UID, fingerprint); known {
		return byHash(hash, written)
	}
	state, message := c.CompareRendered(ctx, es, o)
	if state == v1.LiveInSync {
		c.Ledger.setHash(es.UID, fingerprint, written.DataHash)
	}
	return state, message
}

func byHash(hash string, written host.Metadata) (v1.LiveState, string) {
	if hash == written.DataHash {
		return v1.LiveInSync, ""
	}
	return v1.LiveDrifted, messageDrifted
}

// against compares with what is remembered of the last write. The watch may still show the Secret from before it.
func against(entry Entry, sameInputs bool, written host.Metadata) (v1.LiveState, string) {
	if sameInputs && entry.ResourceVersion == "" {
		return v1.LiveInvalid, messageNotMade
	}
	if !sameInputs {
		return v1.LiveDrifted, messageDrifted
	}
	if written.UID != entry.SecretUID {
		return v1.LiveDrifted, messageDrifted
	}
	order, err := resourceversion.CompareResourceVersion(written.ResourceVersion, entry.ResourceVersion)
	if err != nil || order > 0 {
		return v1.LiveDrifted, messageDrifted
	}
	if entry.Frozen {
		return v1.LiveDrifted, messageFrozen
	}
	return v1.LiveInSync, ""
}
