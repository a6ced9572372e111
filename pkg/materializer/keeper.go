package materializer

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/object"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
)

// keeper reads and writes the targets of one kind. What is not there is nil.
type keeper interface {
	get(ctx context.Context, namespace, name string) (metav1.Object, error)
	// decide plans between what is rendered and what stands. A plan that comes beside an error, which is a *secret.Refusal,
	// is to be carried out, too.
	decide(es *v1.ExternalSecret, rendered *template.Rendered, existing metav1.Object) (plan, error)
	// intact tells whether a target holds what was written, by its marks.
	intact(existing metav1.Object) bool
	delete(ctx context.Context, namespace, name string, uid types.UID, resourceVersion string) error
}

// plan is what is to be done about a target. The zero plan is nothing.
type plan struct {
	action secret.Action
	// next is the target as it stands then, nil where there is none.
	next metav1.Object
	// frozen is set where the target is immutable, as its ExternalSecret asks, and holds other data.
	frozen bool
	// carryOut does it and gives what stands then.
	carryOut func(context.Context) (metav1.Object, error)
}

var errNoGenericTargets = errors.New("spec.target.manifest names another kind than Secret, and this server runs without --" +
	validation.FlagGenericTargets)

// keeperOf is the keeper of the target of an ExternalSecret. It waits a moment for a kind that has not been seen yet.
func (t *term) keeperOf(ctx context.Context, es *v1.ExternalSecret) (keeper, error) {
	kind, isGeneric := es.Spec.Target.GenericKind()
	switch {
	case !isGeneric:
		return t.secretKeeper(), nil
	case t.config.Objects == nil:
		return nil, &secret.Refusal{Cause: secret.UnfitKind, Message: errNoGenericTargets.Error()}
	}
	// It may not have been followed for want of room.
	t.config.Host.Follow(es.UID, kind)
	resource, err := t.config.Host.Await(ctx, kind)
	if err != nil {
		return nil, err
	}
	return objectKeeper{t.config.Objects, kind, resource}, nil
}

// keeperOfOrphan is the keeper of what was a target once, and what events call it; nil where such objects are not written.
func (t *term) keeperOfOrphan(orphan host.Orphan) (k keeper, what string) {
	switch {
	case orphan.Kind == host.KindSecret:
		return t.secretKeeper(), "secret"
	case t.config.Objects == nil:
		return nil, ""
	}
	return objectKeeper{client: t.config.Objects, resource: orphan.Resource}, orphan.Resource.Kind
}

// secretKeeper keeps Secrets.
type secretKeeper struct {
	client  Secrets
	decider outcome.Decider
}

func (t *term) secretKeeper() secretKeeper { return secretKeeper{t.config.Secrets, t.config.Decider} }

func (k secretKeeper) get(ctx context.Context, namespace, name string) (metav1.Object, error) {
	return standing(k.client.Get(ctx, namespace, name))
}

func (k secretKeeper) decide(es *v1.ExternalSecret, rendered *template.Rendered, existing metav1.Object) (plan, error) {
	owner := secret.OwnerOf(es)
	seen, _ := existing.(*corev1.Secret)
	p, refusal := k.decider.Decide(es, rendered, seen)
	next, _ := standing(p.Secret(), nil)
	return plan{p.Action, next, p.Frozen, func(ctx context.Context) (metav1.Object, error) {
		return standing(k.client.CarryOut(ctx, owner, p))
	}}, refusal
}

func (secretKeeper) intact(existing metav1.Object) bool {
	return secret.Intact(existing.(*corev1.Secret))
}

func (k secretKeeper) delete(ctx context.Context, namespace, name string, uid types.UID, resourceVersion string) error {
	return k.client.Delete(ctx, namespace, name, uid, resourceVersion)
}

// objectKeeper keeps the objects of one other kind.
type objectKeeper struct {
	client   Objects
	kind     schema.GroupVersionKind
	resource object.Resource
}

func (k objectKeeper) get(ctx context.Context, namespace, name string) (metav1.Object, error) {
	return standing(k.client.Get(ctx, k.resource, namespace, name))
}

func (k objectKeeper) decide(es *v1.ExternalSecret, rendered *template.Rendered, existing metav1.Object) (plan, error) {
	owner := secret.OwnerOf(es)
	seen, _ := existing.(*unstructured.Unstructured)
	desired := object.Desired{Labels: rendered.Labels, Annotations: rendered.Annotations, Finalizers: rendered.Finalizers, Content: rendered.Content}
	p, refusal := object.Decide(owner, outcome.Creation(es), k.kind, outcome.TargetName(es), desired, seen)
	next, _ := standing(p.Object(), nil)
	return plan{p.Action, next, false, func(ctx context.Context) (metav1.Object, error) {
		return standing(k.client.CarryOut(ctx, k.resource, owner, p))
	}}, refusal
}

func (objectKeeper) intact(existing metav1.Object) bool {
	return object.Intact(existing.(*unstructured.Unstructured))
}

func (k objectKeeper) delete(ctx context.Context, namespace, name string, uid types.UID, resourceVersion string) error {
	return k.client.Delete(ctx, k.resource, namespace, name, uid, resourceVersion)
}

// standing makes nil of a pointer that is nil.
func standing[T interface {
	comparable
	metav1.Object
}](o T, err error) (metav1.Object, error) {
	var none T
	if o == none {
		return nil, err
	}
	return o, err
}

// target is an object as it was left.
type target struct {
	// known is false where it was not looked at yet.
	known  bool
	object host.Object
	exists bool
	uid    types.UID
	// version is its resourceVersion, revision that of host.Revision.
	version, revision string
}

// leftAs is a target as it stands.
func leftAs(o host.Object, standing metav1.Object) target {
	return target{
		known: true, object: o, exists: true,
		uid: standing.GetUID(), version: standing.GetResourceVersion(), revision: host.Revision(standing),
	}
}
