package secret

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

var owner = Owner{Namespace: "team", Name: "orders", UID: "uid-of-orders"}

// ownerReference is what an owned Secret carries.
func ownerReference() metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: "orders", UID: "uid-of-orders",
		Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
	}
}

type data map[string]string

func (d data) bytes() map[string][]byte {
	b := map[string][]byte{}
	for key, v := range d {
		b[key] = []byte(v)
	}
	return b
}

func (d data) desired() Desired {
	values := map[string]value.Value{}
	for key, v := range d {
		values[key] = value.FromString(v)
	}
	return Desired{Data: values}
}

// standing is the Secret team/db as it stands on the host, after changes.
func standing(d data, changes ...func(*corev1.Secret)) *corev1.Secret {
	s := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "db", UID: "uid-of-db", ResourceVersion: "7"},
		Type:       corev1.SecretTypeOpaque,
		Data:       d.bytes(),
	}
	for _, change := range changes {
		change(s)
	}
	return s
}

func label(key, v string) func(*corev1.Secret) {
	return func(s *corev1.Secret) { metav1.SetMetaDataLabel(&s.ObjectMeta, key, v) }
}

func annotation(key, v string) func(*corev1.Secret) {
	return func(s *corev1.Secret) { metav1.SetMetaDataAnnotation(&s.ObjectMeta, key, v) }
}

func ofType(t corev1.SecretType) func(*corev1.Secret) {
	return func(s *corev1.Secret) { s.Type = t }
}

func immutable(s *corev1.Secret) { s.Immutable = ptr.To(true) }

func terminating(s *corev1.Secret) { s.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }

// marked puts on the marks of a write, and of an owner where the ExternalSecret owns.
func marked(s *corev1.Secret) {
	label(LabelManaged, LabelManagedValue)(s)
	annotation(AnnotationDataHash, DataHash(s.Data))(s)
}

func owned(s *corev1.Secret) {
	label(LabelCreatedBy, CreatedBy("team", "orders"))(s)
	s.OwnerReferences = append(s.OwnerReferences, ownerReference())
}

func controlledBy(apiVersion, kind, name string) func(*corev1.Secret) {
	return func(s *corev1.Secret) {
		reference := ownerReference()
		reference.APIVersion, reference.Kind, reference.Name, reference.UID = apiVersion, kind, name, "another-uid"
		s.OwnerReferences = append(s.OwnerReferences, reference)
	}
}

// writtenBy records a manager's fields as an API server does.
func writtenBy(manager, fields string) func(*corev1.Secret) {
	return func(s *corev1.Secret) {
		s.ManagedFields = append(s.ManagedFields, metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1",
			FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields),
		})
	}
}

func TestDecideWithoutATarget(t *testing.T) {
	for _, test := range []struct {
		policy v1.CreationPolicy
		action Action
		owned  bool
	}{
		{v1.CreationOwner, Create, true},
		{v1.CreationOrphan, Create, false},
		{v1.CreationCreateOrMerge, Create, false},
		{v1.CreationMerge, Await, false},
		{v1.CreationNone, Skip, false},
	} {
		t.Run(string(test.policy), func(t *testing.T) {
			desired := data{"password": "hunter2"}.desired()
			desired.Labels = map[string]string{"app": "orders"}
			desired.Annotations = map[string]string{"note": "n"}
			desired.Finalizers = []string{"example.com/hold"}
			desired.Immutable = true

			plan, err := Decide(owner, test.policy, "db", desired, nil)
			require.NoError(t, err)
			require.Equal(t, test.action, plan.Action)

			want := &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{
					Namespace:   "team",
					Name:        "db",
					Labels:      map[string]string{"app": "orders", LabelManaged: "true"},
					Annotations: map[string]string{"note": "n", AnnotationDataHash: DataHash(data{"password": "hunter2"}.bytes())},
					Finalizers:  []string{"example.com/hold"},
				},
				Type:      corev1.SecretTypeOpaque,
				Data:      data{"password": "hunter2"}.bytes(),
				Immutable: ptr.To(true),
			}
			if test.owned {
				owned(want)
			}
			require.Equal(t, want, plan.Secret())
		})
	}
}

// TestDecideData checks what data stands afterwards, and that a second look finds nothing left to do.
func TestDecideData(t *testing.T) {
	const fields = `{"f:data":{".":{},"f:mine":{},"f:stale":{}}}`
	mine := writtenBy(FieldManager("orders"), fields)
	others := writtenBy("kubectl", `{"f:data":{".":{},"f:foreign":{}},"f:type":{}}`)
	for _, test := range []struct {
		policy v1.CreationPolicy
		want   data
	}{
		{v1.CreationOwner, data{"mine": "new"}},
		{v1.CreationOrphan, data{"mine": "new"}},
		{v1.CreationMerge, data{"mine": "new", "foreign": "f"}},
		{v1.CreationCreateOrMerge, data{"mine": "new", "foreign": "f"}},
	} {
		t.Run(string(test.policy), func(t *testing.T) {
			existing := standing(data{"mine": "old", "stale": "s", "foreign": "f"}, mine, others)
			before := existing.DeepCopy()
			plan, err := Decide(owner, test.policy, "db", data{"mine": "new"}.desired(), existing)
			require.NoError(t, err)
			require.Equal(t, Update, plan.Action)
			require.Equal(t, test.want.bytes(), plan.Secret().Data)
			require.Equal(t, "7", plan.Secret().ResourceVersion, "an update is written over the version that was seen")
			require.True(t, Intact(plan.Secret()))
			require.Equal(t, before, existing, "the Secret that was seen is not changed")

			again, err := Decide(owner, test.policy, "db", data{"mine": "new"}.desired(), plan.Secret())
			require.NoError(t, err)
			require.Equal(t, Keep, again.Action)
		})
	}
}

func TestDecideNoneTouchesNothing(t *testing.T) {
	existing := standing(data{"foreign": "f"})
	plan, err := Decide(owner, v1.CreationNone, "db", data{"mine": "new"}.desired(), existing)
	require.NoError(t, err)
	require.Equal(t, Skip, plan.Action)
	require.Equal(t, data{"mine": "new"}.bytes(), plan.Secret().Data, "what is shown is what would be made")
}

func TestDecideLeavesOwner(t *testing.T) {
	elsewhere := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "c", UID: "uid-of-c"}
	for _, policy := range []v1.CreationPolicy{v1.CreationOrphan, v1.CreationMerge, v1.CreationCreateOrMerge} {
		t.Run(string(policy), func(t *testing.T) {
			existing := standing(data{"k": "v"}, marked, owned, func(s *corev1.Secret) {
				s.OwnerReferences = append(s.OwnerReferences, elsewhere)
			})
			plan, err := Decide(owner, policy, "db", data{"k": "v"}.desired(), existing)
			require.NoError(t, err)
			require.Equal(t, Update, plan.Action)
			require.Equal(t, []metav1.OwnerReference{elsewhere}, plan.Secret().OwnerReferences)
			require.NotContains(t, plan.Secret().Labels, LabelCreatedBy)
			require.Contains(t, plan.Secret().Labels, LabelManaged)
		})
	}
}

func TestDecideKeepsTheMarkOfAnother(t *testing.T) {
	existing := standing(data{"k": "v"}, label(LabelCreatedBy, CreatedBy("team", "another")))
	plan, err := Decide(owner, v1.CreationMerge, "db", data{"k": "v"}.desired(), existing)
	require.NoError(t, err)
	require.Equal(t, CreatedBy("team", "another"), plan.Secret().Labels[LabelCreatedBy])
}

// TestDecideMetadata covers names on both sides of the length at which ESO itself loses track.
func TestDecideMetadata(t *testing.T) {
	for _, name := range []string{"orders", "orders-of-the-payments-team-in-europe"} {
		t.Run(name, func(t *testing.T) {
			owner := Owner{Namespace: "team", Name: name, UID: "u"}
			existing := standing(nil, marked,
				label("stale", "s"), label("foreign", "f"), annotation("stale", "s"), annotation("foreign", "f"),
				writtenBy(FieldManager(name), `{"f:metadata":{"f:labels":{".":{},"f:stale":{}},"f:annotations":{"f:stale":{}}}}`),
				writtenBy("kubectl", `{"f:metadata":{"f:labels":{"f:foreign":{}},"f:annotations":{"f:foreign":{}}}}`))
			desired := Desired{Labels: map[string]string{"new": "n"}, Annotations: map[string]string{"foreign": "over"}, Finalizers: []string{"a.b/c"}}

			plan, err := Decide(owner, v1.CreationOrphan, "db", desired, existing)
			require.NoError(t, err)
			require.Equal(t, Update, plan.Action)
			require.Equal(t, map[string]string{"new": "n", "foreign": "f", LabelManaged: "true"}, plan.Secret().Labels)
			require.Equal(t, map[string]string{"foreign": "over", AnnotationDataHash: DataHash(nil)}, plan.Secret().Annotations)
			require.Equal(t, []string{"a.b/c"}, plan.Secret().Finalizers)
		})
	}
}

func TestDecideIgnoresMarksOfATemplate(t *testing.T) {
	desired := data{"k": "v"}.desired()
	desired.Labels = map[string]string{LabelManaged: "false", LabelCreatedBy: CreatedBy("team", "victim")}
	desired.Annotations = map[string]string{AnnotationDataHash: "forged"}
	for _, policy := range []v1.CreationPolicy{v1.CreationOwner, v1.CreationMerge} {
		plan, err := Decide(owner, policy, "db", desired, standing(data{"k": "v"}))
		require.NoError(t, err)
		require.True(t, Intact(plan.Secret()))
		require.NotEqual(t, CreatedBy("team", "victim"), plan.Secret().Labels[LabelCreatedBy])
	}
}

func TestDecideUnreadableRecords(t *testing.T) {
	existing := standing(data{"foreign": "f"}, writtenBy(FieldManager("orders"), `{"f:data":[1]}`))
	plan, err := Decide(owner, v1.CreationMerge, "db", data{"mine": "m"}.desired(), existing)
	require.NoError(t, err)
	require.Equal(t, data{"foreign": "f", "mine": "m"}.bytes(), plan.Secret().Data)
}

func TestPlansAndRefusalsHoldNoValuesInPrint(t *testing.T) {
	const canary = "canary-b7f1"
	plan, err := Decide(owner, v1.CreationOwner, "db", data{"k": canary}.desired(), nil)
	require.NoError(t, err)
	asJSON, err := json.Marshal(plan)
	require.NoError(t, err)
	_, refusal := Decide(owner, v1.CreationOwner, "db", data{"k": canary}.desired(), standing(data{"k": canary + "!"}, immutable))
	require.Error(t, refusal)
	for _, text := range []string{string(asJSON), refusal.Error(), fmt.Sprintf("%v %+v %#v %v", plan, plan, plan, &plan)} {
		require.NotContains(t, text, canary)
		require.NotContains(t, text, fmt.Sprintf("%x", canary))
	}
}
