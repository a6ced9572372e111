package secret

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// TestDecideAdopts takes Secrets as ESO leaves them: where nothing differs nothing is written.
func TestDecideAdopts(t *testing.T) {
	byESO := writtenBy(FieldManager("orders"), `{"f:data":{".":{},"f:k":{}},"f:type":{},`+
		`"f:metadata":{"f:annotations":{".":{},"f:reconcile.external-secrets.io/data-hash":{}},`+
		`"f:labels":{".":{},"f:reconcile.external-secrets.io/managed":{},"f:reconcile.external-secrets.io/created-by":{}}}}`)
	for _, test := range []struct {
		name     string
		policy   v1.CreationPolicy
		existing *corev1.Secret
		action   Action
	}{
		{"owned", v1.CreationOwner, standing(data{"k": "v"}, marked, owned, byESO), Keep},
		{"orphan", v1.CreationOrphan, standing(data{"k": "v"}, marked, byESO), Keep},
		{"merged", v1.CreationMerge, standing(data{"k": "v", "foreign": "f"}, marked, byESO), Keep},
		{"merged or created", v1.CreationCreateOrMerge, standing(data{"k": "v", "foreign": "f"}, marked, byESO), Keep},
		{"owned, with finalizers of others", v1.CreationOwner, standing(data{"k": "v"}, marked, owned, byESO, func(s *corev1.Secret) {
			s.Finalizers = []string{"example.com/x"}
		}), Keep},
		{"owner created anew", v1.CreationOwner, standing(data{"k": "v"}, marked, owned, byESO, func(s *corev1.Secret) {
			s.OwnerReferences[0].UID = "uid-of-before"
		}), Update},
		{"owner of an earlier API version", v1.CreationOwner, standing(data{"k": "v"}, marked, owned, byESO, func(s *corev1.Secret) {
			s.OwnerReferences[0].APIVersion = "external-secrets.io/v1beta1"
		}), Update},
		{"changed by hand", v1.CreationOwner, standing(data{"k": "other"}, marked, owned, byESO), Update},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan, err := Decide(owner, test.policy, "db", data{"k": "v"}.desired(), test.existing)
			require.NoError(t, err)
			require.Equal(t, test.action, plan.Action)
			if test.policy == v1.CreationOwner {
				require.Equal(t, []metav1.OwnerReference{ownerReference()}, plan.Secret().OwnerReferences)
			}
		})
	}
}

// TestDecideLeavesWhatESOCopied takes a Secret to which ESO copied what other tools keep about the ExternalSecret.
func TestDecideLeavesWhatESOCopied(t *testing.T) {
	const tracking, applied = "argocd.argoproj.io/instance", "kubectl.kubernetes.io/last-applied-configuration"
	copied := []func(*corev1.Secret){
		marked, owned, label(tracking, "shop"), annotation(applied, "{}"), label("team", "core"),
		writtenBy(FieldManager("orders"), `{"f:metadata":{"f:labels":{"f:`+tracking+`":{},"f:team":{}},"f:annotations":{"f:`+applied+`":{}}}}`),
	}
	desired := data{"k": "v"}.desired()
	desired.Labels = map[string]string{"team": "core"}
	desired.Uncopied = []string{tracking, applied, "force-sync"}

	plan, err := Decide(owner, v1.CreationOwner, "db", desired, standing(data{"k": "v"}, copied...))
	require.NoError(t, err)
	require.Equal(t, Keep, plan.Action, "they are no reason to write")

	plan, err = Decide(owner, v1.CreationOwner, "db", desired, standing(data{"k": "old"}, copied...))
	require.NoError(t, err)
	require.Equal(t, Update, plan.Action)
	require.NotContains(t, plan.Secret().Labels, tracking, "a write that is made anyway takes them away")
	require.NotContains(t, plan.Secret().Annotations, applied)

	// What a template set, and sets no more, goes at once, whatever its name.
	desired.Uncopied = nil
	plan, err = Decide(owner, v1.CreationOwner, "db", desired, standing(data{"k": "v"}, copied...))
	require.NoError(t, err)
	require.Equal(t, Update, plan.Action)
	require.NotContains(t, plan.Secret().Labels, tracking)
}

func TestReclaim(t *testing.T) {
	former := func(s *corev1.Secret) { s.OwnerReferences[0].UID = "uid-of-before" }
	for _, test := range []struct {
		name     string
		policy   v1.CreationPolicy
		existing *corev1.Secret
		action   Action
		owners   []metav1.OwnerReference
	}{
		{"a former UID", v1.CreationOwner, standing(data{"k": "v"}, marked, owned, former), Update, []metav1.OwnerReference{ownerReference()}},
		{"a former UID, without labels", v1.CreationOwner, standing(data{"k": "v"}, owned, former, func(s *corev1.Secret) { s.Labels = nil }),
			Update, []metav1.OwnerReference{ownerReference()}},
		{"a former UID of what is not to be owned any more", v1.CreationOrphan, standing(data{"k": "v"}, marked, owned, former), Update, nil},
		{"the UID", v1.CreationOwner, standing(data{"k": "v"}, marked, owned), Keep, []metav1.OwnerReference{ownerReference()}},
		{"nobody's", v1.CreationOwner, standing(data{"k": "v"}), Keep, nil},
		{"not to be touched", v1.CreationNone, standing(data{"k": "v"}, owned), Keep, []metav1.OwnerReference{ownerReference()}},
		{"going", v1.CreationOwner, standing(nil, controlledBy("external-secrets.io/v1", "ExternalSecret", "orders"), terminating), Keep, nil},
		{"another's", v1.CreationOwner, standing(nil, controlledBy("external-secrets.io/v1", "ExternalSecret", "another")), Keep, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := test.existing.DeepCopy()
			plan := Reclaim(owner, test.policy, test.existing)
			require.Equal(t, test.action, plan.Action)
			require.Equal(t, before, test.existing, "the Secret that was seen is not changed")
			require.Equal(t, before.Data, plan.Secret().Data)
			if test.action == Keep {
				require.Equal(t, before, plan.Secret())
				return
			}
			require.ElementsMatch(t, test.owners, plan.Secret().OwnerReferences)
		})
	}
}
