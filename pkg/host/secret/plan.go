package secret

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// Desired is what an ExternalSecret's values and template came to.
type Desired struct {
	// Type is empty where the template names none: that of the existing Secret, Opaque for a new one.
	Type                corev1.SecretType
	Labels, Annotations map[string]string
	Finalizers          []string
	// Uncopied are keys of labels and annotations that ESO copies from the ExternalSecret and this server does not. Where ESO
	// left them on the Secret they are no reason to write it; the next write takes them away.
	Uncopied []string
	// Data is what the ExternalSecret itself produces, without the keys of others that a merge keeps.
	Data      map[string]value.Value
	Immutable bool
}

// Action says what is to be done about a target.
type Action string

const (
	// Keep means that the Secret stands as it should.
	Keep Action = "Keep"
	// Create means that the Secret is to be created.
	Create Action = "Create"
	// Update means that the Secret is to be written over the one that was seen.
	Update Action = "Update"
	// Await means that there is no Secret to merge into, and none is created.
	Await Action = "Await"
	// Skip means that nothing is ever written: creationPolicy None.
	Skip Action = "Skip"
)

// Plan is what is to be done about a target. It prints no values.
type Plan struct {
	Action Action
	// Frozen is set where the Secret is immutable, as its ExternalSecret asks, and holds other data: they stay.
	Frozen bool
	// secret is a function for the reason that value.Value holds one: fmt cannot look into it.
	secret func() *corev1.Secret
}

// Secret is the Secret as it stands once the plan is carried out; under Await and Skip, as it would stand if it were
// written. The caller must not change it, print it or log it.
func (p Plan) Secret() *corev1.Secret {
	if p.secret == nil {
		return nil
	}
	return p.secret()
}

func plan(action Action, s *corev1.Secret) Plan {
	return Plan{Action: action, secret: func() *corev1.Secret { return s }}
}

// Decide plans what becomes of the target of an ExternalSecret. existing is nil where there is none, and is not changed. An
// error is a *Refusal; a Plan that comes beside it still has to be carried out: it lets go of a Secret that may not be
// written otherwise.
func Decide(owner Owner, policy v1.CreationPolicy, target string, desired Desired, existing *corev1.Secret) (Plan, error) {
	if err := refuseType(desired.Type); err != nil {
		return Plan{}, err
	}
	if existing == nil || policy == v1.CreationNone {
		return decideNew(owner, policy, target, desired), nil
	}
	if err := refuse(owner, policy, desired, existing); err != nil {
		return Plan{}, err
	}
	next := existing.DeepCopy()
	write(owner, policy, desired, next)
	isFixed := ptr.Deref(existing.Immutable, false) && !apiequality.Semantic.DeepEqual(existing.Data, next.Data)
	if isFixed && !desired.Immutable {
		return decideImmutable(owner, policy, existing)
	}
	if isFixed {
		next.Data = existing.Data
		next.Annotations[AnnotationDataHash] = DataHash(next.Data)
	}
	p := decideUpdate(existing, next, desired.Uncopied)
	p.Frozen = isFixed
	return p, nil
}

func decideNew(owner Owner, policy v1.CreationPolicy, target string, desired Desired) Plan {
	next := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: owner.Namespace, Name: target},
		Type:       corev1.SecretTypeOpaque,
	}
	write(owner, policy, desired, next)
	switch policy {
	case v1.CreationNone:
		return plan(Skip, next)
	case v1.CreationMerge:
		return plan(Await, next)
	}
	return plan(Create, next)
}

// decideUpdate plans a write where next differs in more than labels and annotations of the keys tolerated.
func decideUpdate(existing, next *corev1.Secret, tolerated []string) Plan {
	left := *next
	left.Labels = withEntries(next.Labels, existing.Labels, tolerated)
	left.Annotations = withEntries(next.Annotations, existing.Annotations, tolerated)
	if apiequality.Semantic.DeepEqual(existing, &left) {
		return plan(Keep, existing)
	}
	return plan(Update, next)
}

// withEntries is m and what from has under keys.
func withEntries(m, from map[string]string, keys []string) map[string]string {
	with := maps.Clone(m)
	for _, key := range keys {
		if v, ok := from[key]; ok {
			with[key] = v
		}
	}
	return with
}

// decideImmutable refuses to change the data of an immutable Secret. A Secret that its ExternalSecret no longer wants to
// own is released all the same: else it would be collected with the ExternalSecret.
func decideImmutable(owner Owner, policy v1.CreationPolicy, existing *corev1.Secret) (Plan, error) {
	refusal := &Refusal{Immutable, "Secret " + existing.Namespace + "/" + existing.Name + " is immutable and holds other data"}
	next := existing.DeepCopy()
	if policy != v1.CreationOwner {
		owner.release(next)
	}
	return decideUpdate(existing, next, nil), refusal
}

// write makes s what the ExternalSecret wants it to be. What the ExternalSecret wrote before and no longer wants goes; of
// what others wrote, data stays in a merge alone, labels, annotations and finalizers always.
func write(owner Owner, policy v1.CreationPolicy, desired Desired, s *corev1.Secret) {
	own := fieldsOf(s, FieldManager(owner.Name))
	s.Data = mergeData(policy, s.Data, own.data, desired.Data)
	if desired.Type != "" {
		s.Type = desired.Type
	}
	if desired.Immutable {
		s.Immutable = ptr.To(true)
	}
	Stamp{desired.Labels, desired.Annotations, desired.Finalizers, DataHash(s.Data)}.Put(owner, policy, s)
}

func mergeData(policy v1.CreationPolicy, standing map[string][]byte, before []string, desired map[string]value.Value) map[string][]byte {
	next := make(map[string][]byte, len(standing)+len(desired))
	if policy == v1.CreationMerge || policy == v1.CreationCreateOrMerge {
		for key, v := range standing {
			if !slices.Contains(before, key) {
				next[key] = v
			}
		}
	}
	for key, v := range desired {
		next[key] = v.Bytes()
	}
	return next
}
