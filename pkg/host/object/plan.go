package object

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tree"
)

// Desired is what an ExternalSecret's values and template came to.
type Desired struct {
	Labels, Annotations map[string]string
	Finalizers          []string
	// Content is what the ExternalSecret itself produces, without what others write to the object.
	Content tree.Tree
}

// Plan is what is to be done about a target. It prints no values.
type Plan struct {
	Action secret.Action
	// object is a function for the reason that value.Value holds one: fmt cannot look into it.
	object func() *unstructured.Unstructured
}

// Object is the object as it stands once the plan is carried out; under Await and Skip there is none. The caller must not
// change it, print it or log it.
func (p Plan) Object() *unstructured.Unstructured {
	if p.object == nil {
		return nil
	}
	return p.object()
}

func plan(action secret.Action, o *unstructured.Unstructured) Plan {
	return Plan{Action: action, object: func() *unstructured.Unstructured { return o }}
}

// Hash is the value of the data hash for what an ExternalSecret renders: as in ESO that of .spec or of .data, where it
// renders nothing besides. What others write to the object does not count.
func Hash(content tree.Tree) string {
	fields := content.Sketch()
	if len(fields) == 1 {
		for _, root := range []string{"spec", "data"} {
			if only, ok := fields[root]; ok {
				return secret.ContentHash(only)
			}
		}
	}
	return secret.ContentHash(fields)
}

// Intact tells whether an object carries the marks of a write and holds what was written, and nothing else where the hash
// looks: one in which a server has defaulted something is not known to be.
func Intact(o *unstructured.Unstructured) bool {
	if o.GetLabels()[secret.LabelManaged] != secret.LabelManagedValue {
		return false
	}
	content := o.Object["spec"]
	if content == nil {
		content = o.Object["data"]
	}
	return o.GetAnnotations()[secret.AnnotationDataHash] == secret.ContentHash(content)
}

// Decide plans what becomes of the target of an ExternalSecret. existing is nil where there is none, and is not changed. An
// error is a *secret.Refusal.
func Decide(owner secret.Owner, policy v1.CreationPolicy, kind schema.GroupVersionKind, target string, desired Desired,
	existing *unstructured.Unstructured) (Plan, error) {
	stamp := secret.Stamp{Labels: desired.Labels, Annotations: desired.Annotations, Finalizers: desired.Finalizers, Hash: Hash(desired.Content)}
	switch {
	case policy == v1.CreationNone:
		return Plan{Action: secret.Skip}, nil
	case existing == nil && policy == v1.CreationMerge:
		return Plan{Action: secret.Await}, nil
	case existing == nil:
		next := &unstructured.Unstructured{Object: map[string]any{}}
		next.SetGroupVersionKind(kind)
		next.SetNamespace(owner.Namespace)
		next.SetName(target)
		stamp.Put(owner, policy, next)
		return write(secret.Create, desired, next)
	}
	if err := secret.RefuseStanding(owner, policy, kind.Kind, existing); err != nil {
		return Plan{}, err
	}
	whole := isWhole(kind, policy)
	next := existing.DeepCopy()
	stamp.Put(owner, policy, next)
	if apiequality.Semantic.DeepEqual(existing.Object["metadata"], next.Object["metadata"]) &&
		desired.Content.In(existing.Object) && !(whole && hasMore(existing, desired)) {
		return plan(secret.Keep, existing), nil
	}
	if whole {
		delete(next.Object, "data")
		delete(next.Object, "binaryData")
	}
	desired.Content.Prune(next.Object, ownFields(existing, owner))
	return write(secret.Update, desired, next)
}

// write plans to write an object that bears its stamp, with what is desired laid over it.
func write(action secret.Action, desired Desired, next *unstructured.Unstructured) (Plan, error) {
	if err := desired.Content.LayOver(next.Object); err != nil {
		return Plan{}, &secret.Refusal{Cause: secret.OtherShape,
			Message: fmt.Sprintf("%s %s/%s: a list has too few elements for a path of templateFrom", next.GetKind(), next.GetNamespace(), next.GetName())}
	}
	return plan(action, next), nil
}

// isWhole tells whether the data of an object is the ExternalSecret's alone, as that of a Secret is. Nothing is defaulted in
// a ConfigMap, and nobody but its owner writes to it; of other kinds that cannot be known.
func isWhole(kind schema.GroupVersionKind, policy v1.CreationPolicy) bool {
	return kind == corev1.SchemeGroupVersion.WithKind("ConfigMap") && (policy == v1.CreationOwner || policy == v1.CreationOrphan)
}

// hasMore tells whether a ConfigMap holds keys that are not desired.
func hasMore(existing *unstructured.Unstructured, desired Desired) bool {
	wanted := desired.Content.Sketch()
	for _, root := range []string{"data", "binaryData"} {
		standing, _ := existing.Object[root].(map[string]any)
		fields, _ := wanted[root].(map[string]any)
		for key := range standing {
			if _, ok := fields[key]; !ok {
				return true
			}
		}
	}
	return false
}

// ownFields are what the ExternalSecret last wrote of an object, by the API server's records. What is not readable names no
// field: nothing is removed for it.
func ownFields(existing *unstructured.Unstructured, owner secret.Owner) map[string]any {
	own := map[string]any{}
	for _, entry := range existing.GetManagedFields() {
		if entry.Manager != secret.FieldManager(owner.Name) || entry.Subresource != "" {
			continue
		}
		for name, fields := range fieldsOf(entry) {
			own[name] = fields
		}
	}
	for _, reserved := range []string{"f:apiVersion", "f:kind", "f:metadata", "f:status"} {
		delete(own, reserved)
	}
	return own
}
