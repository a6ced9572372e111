package outcome

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/object"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
)

// Messages of live states, about a target of the kind %s. They hold nothing that was rendered.
const (
	messageDrifted   = "the %s is not what would be written now"
	messageFrozen    = "the %s is immutable, and the provider shows other values"
	messageMissing   = "no %s has been written yet"
	messageNotMade   = "the %s cannot be made of what the provider shows; the Ready condition says where"
	messageUncertain = "the %s has not been compared since this server started"
	messageUnseen    = "this server has not seen any %s; the Ready condition may say why"
	messageForeign   = "the store is left to another controller class"
)

// Targets shows the metadata of what ExternalSecrets are written to.
type Targets interface {
	// Object is an object as last seen. known is false where nothing can be said of its kind.
	Object(o host.Object) (meta host.Metadata, exists, known bool)
}

// Comparer tells how a written target stands to what would be written now. It is safe for concurrent use.
type Comparer struct {
	Targets Targets
	Ledger  *Ledger
}

// TargetOf is the object that es is written to.
func TargetOf(es *v1.ExternalSecret) host.Object {
	kind := host.KindSecret
	if generic, ok := es.Spec.Target.GenericKind(); ok {
		kind = host.KindOf(generic)
	}
	return host.Object{Kind: kind, Namespace: es.Namespace, Name: TargetName(es)}
}

// about fills in what kind of target a message is about.
func about(es *v1.ExternalSecret, message string) string {
	kind := "Secret"
	if generic, ok := es.Spec.Target.GenericKind(); ok {
		kind = generic.Kind
	}
	return fmt.Sprintf(message, kind)
}

// TargetName is the name of what es is written to.
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

// Live is the status.live of an ExternalSecret as it is stored, with what was shown of its needs.
func (c *Comparer) Live(ctx context.Context, s *Shown) *v1.LiveStatus {
	uid := s.es.UID
	l := newLook(s, c.Ledger.reading(uid))
	live := l.status()
	if live.State == "" {
		live.State, live.Message = c.compare(ctx, s.es, l)
	}
	c.Ledger.observe(uid, live.State, l.reading)
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
	if o.Data == nil {
		return &v1.LiveStatus{}
	}
	return liveStatus(o.Data.Sources, o.Data.Observed)
}

// Exists tells whether there is an object of the target's kind and name.
func (c *Comparer) Exists(es *v1.ExternalSecret) bool {
	_, exists, _ := c.Targets.Object(TargetOf(es))
	return exists
}

// CompareRendered compares a spec that may not be the stored one: what was rendered counts, not what was written for the
// object before.
func (c *Comparer) CompareRendered(ctx context.Context, es *v1.ExternalSecret, o *Outcome) (v1.LiveState, string) {
	rendered, err := o.Render(ctx)
	content, _ := contentOf(es, rendered, err)
	standing, exists, known := c.Targets.Object(TargetOf(es))
	switch {
	case err != nil:
		return v1.LiveInvalid, about(es, messageNotMade)
	case Creation(es) == v1.CreationNone:
		return v1.LiveVirtual, ""
	case !known:
		return v1.LiveUnknown, about(es, messageUnseen)
	case !exists:
		return v1.LiveMissing, about(es, messageMissing)
	}
	return content.against(es, standing)
}

// hashOf is the data hash that the target has when it is written as rendered.
func hashOf(es *v1.ExternalSecret, rendered *template.Rendered) string {
	if _, isGeneric := es.Spec.Target.GenericKind(); isGeneric {
		return object.Hash(rendered.Content)
	}
	return secret.HashOf(rendered.Data)
}

// shared tells whether others write to the target too: then its marks tell nothing of this ExternalSecret's part.
func shared(es *v1.ExternalSecret) bool {
	policy := Creation(es)
	return policy == v1.CreationMerge || policy == v1.CreationCreateOrMerge
}

func (c *Comparer) compare(ctx context.Context, es *v1.ExternalSecret, l *look) (v1.LiveState, string) {
	if Creation(es) == v1.CreationNone {
		return v1.LiveVirtual, ""
	}
	standing, exists, known := c.Targets.Object(TargetOf(es))
	switch {
	case !known:
		return v1.LiveUnknown, about(es, messageUnseen)
	case !exists:
		return v1.LiveMissing, about(es, messageMissing)
	}
	fingerprint, err := l.fingerprint(ctx)
	if err != nil {
		return v1.LiveInvalid, about(es, messageNotMade)
	}
	if entry, ok := c.Ledger.Entry(es.UID); ok {
		return against(es, entry, fingerprint == entry.Fingerprint, standing)
	}
	if shared(es) {
		return v1.LiveUnknown, about(es, messageUncertain)
	}
	return l.content(ctx).against(es, standing)
}

// against compares with what is remembered of the last write. The watch may still show the target from before it.
func against(es *v1.ExternalSecret, entry Entry, sameInputs bool, written host.Metadata) (v1.LiveState, string) {
	if sameInputs && entry.ResourceVersion == "" {
		return v1.LiveInvalid, about(es, messageNotMade)
	}
	if !sameInputs || written.UID != entry.SecretUID {
		return v1.LiveDrifted, about(es, messageDrifted)
	}
	if written.Revision != "" && written.Revision == entry.Revision {
		return v1.LiveInSync, ""
	}
	order, err := resourceversion.CompareResourceVersion(written.ResourceVersion, entry.ResourceVersion)
	if err != nil || order > 0 {
		return v1.LiveDrifted, about(es, messageDrifted)
	}
	if entry.Frozen {
		return v1.LiveDrifted, about(es, messageFrozen)
	}
	return v1.LiveInSync, ""
}
