package secret

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

func TestDecideRefuses(t *testing.T) {
	const (
		helm      = corev1.SecretType("helm.sh/release.v1")
		token     = corev1.SecretTypeServiceAccountToken
		bootstrap = corev1.SecretTypeBootstrapToken
	)
	writing := []v1.CreationPolicy{v1.CreationOwner, v1.CreationOrphan, v1.CreationMerge, v1.CreationCreateOrMerge}
	anotherES := controlledBy("external-secrets.io/v1", "ExternalSecret", "another")
	for _, test := range []struct {
		name     string
		policies []v1.CreationPolicy
		desired  corev1.SecretType
		existing *corev1.Secret
		cause    Cause
	}{
		{"owned by another ExternalSecret", writing, "", standing(data{"k": "v"}, anotherES), OwnedByAnother},
		{"owned by another ExternalSecret of an earlier version", writing, "",
			standing(data{"k": "v"}, controlledBy("external-secrets.io/v1beta1", "ExternalSecret", "another")), OwnedByAnother},
		{"controlled elsewhere", writing[:1], "", standing(data{"k": "v"}, controlledBy("apps/v1", "Deployment", "web")), ControlledElsewhere},
		{"controlled by a kind of the same name", writing[:1], "",
			standing(data{"k": "v"}, controlledBy("example.com/v1", "ExternalSecret", "orders")), ControlledElsewhere},
		{"being deleted", writing, "", standing(data{"k": "v"}, terminating), Terminating},
		{"immutable", writing, "", standing(data{"k": "old"}, marked, immutable), Immutable},
		{"another type", writing, corev1.SecretTypeTLS, standing(data{"k": "v"}), OtherType},
		{"a Helm release", writing, "", standing(data{"k": "v"}, ofType(helm)), GuardedType},
		{"a Helm release of another version", writing, "", standing(data{"k": "v"}, ofType("helm.sh/release.v2")), GuardedType},
		{"a Helm release that only merges wrote to", writing, "",
			standing(data{"k": "v"}, ofType(helm), writtenBy(FieldManager("orders"), `{"f:data":{"f:k":{}}}`)), GuardedType},
		{"a token of a service account", writing, "", standing(data{"k": "v"}, ofType(token)), GuardedType},
		{"a bootstrap token", writing, "", standing(data{"k": "v"}, ofType(bootstrap)), GuardedType},
		{"a bootstrap token that somebody declared owned", writing, "", standing(data{"k": "v"}, ofType(bootstrap), marked, owned), GuardedType},
		{"asked for a token of a service account", append(writing, v1.CreationNone), token, nil, GuardedType},
		{"asked for a bootstrap token", append(writing, v1.CreationNone), bootstrap, nil, GuardedType},
		{"asked for a Helm release", append(writing, v1.CreationNone), helm, nil, GuardedType},
	} {
		for _, policy := range test.policies {
			t.Run(test.name+"/"+string(policy), func(t *testing.T) {
				desired := data{"k": "v"}.desired()
				desired.Type = test.desired
				plan, err := Decide(owner, policy, "db", desired, test.existing)
				var refusal *Refusal
				require.True(t, errors.As(err, &refusal), "a refusal, not %v", err)
				require.Equal(t, test.cause, refusal.Cause)
				require.NotContains(t, []Action{Create, Update}, plan.Action)
			})
		}
	}
}

func TestDecideWritesWhatIsItsOwn(t *testing.T) {
	helm := corev1.SecretType("helm.sh/release.v1")
	for name, existing := range map[string]*corev1.Secret{
		"owned":   standing(data{"k": "old"}, ofType(helm), marked, owned),
		"created": standing(data{"k": "old"}, ofType(helm), marked, writtenBy(FieldManager("orders"), `{"f:type":{}}`)),
	} {
		plan, err := Decide(owner, v1.CreationOwner, "db", data{"k": "v"}.desired(), existing)
		require.NoError(t, err, name)
		require.Equal(t, Update, plan.Action, name)
	}
	// Only Owner contends with another controller: the other policies write beside it, as in ESO.
	plan, err := Decide(owner, v1.CreationMerge, "db", data{"k": "v"}.desired(), standing(nil, controlledBy("apps/v1", "Deployment", "web")))
	require.NoError(t, err)
	require.Len(t, plan.Secret().OwnerReferences, 1)
}

func TestDecideImmutable(t *testing.T) {
	t.Run("metadata may change", func(t *testing.T) {
		plan, err := Decide(owner, v1.CreationOwner, "db", data{"k": "v"}.desired(), standing(data{"k": "v"}, immutable))
		require.NoError(t, err)
		require.Equal(t, Update, plan.Action)
		require.True(t, *plan.Secret().Immutable, "what is immutable stays so")
	})
	t.Run("leaving Owner lets go, with other data too", func(t *testing.T) {
		existing := standing(data{"k": "old"}, marked, owned, immutable)
		plan, err := Decide(owner, v1.CreationOrphan, "db", data{"k": "v"}.desired(), existing)
		require.Error(t, err)
		require.Equal(t, Update, plan.Action)
		require.Empty(t, plan.Secret().OwnerReferences)
		require.Equal(t, existing.Data, plan.Secret().Data)
		require.Equal(t, existing.Annotations, plan.Secret().Annotations)
	})
	t.Run("as it asks itself, other data are left alone", func(t *testing.T) {
		desired := data{"k": "v"}.desired()
		desired.Immutable, desired.Labels = true, map[string]string{"team": "core"}
		for _, policy := range []v1.CreationPolicy{v1.CreationOwner, v1.CreationOrphan, v1.CreationMerge, v1.CreationCreateOrMerge} {
			plan, err := Decide(owner, policy, "db", desired, standing(data{"k": "old"}, marked, immutable))
			require.NoError(t, err)
			require.True(t, plan.Frozen)
			require.Equal(t, data{"k": "old"}.bytes(), plan.Secret().Data)
			require.True(t, Intact(plan.Secret()))
			require.Equal(t, "core", plan.Secret().Labels["team"], "metadata may change")
			again, err := Decide(owner, policy, "db", desired, plan.Secret())
			require.NoError(t, err)
			require.Equal(t, Keep, again.Action)
			require.True(t, again.Frozen)
		}
	})
	t.Run("data and the mark are written together", func(t *testing.T) {
		desired := data{"k": "v"}.desired()
		desired.Immutable = true
		plan, err := Decide(owner, v1.CreationOwner, "db", desired, standing(data{"k": "old"}))
		require.NoError(t, err)
		require.Equal(t, data{"k": "v"}.bytes(), plan.Secret().Data)
		require.True(t, *plan.Secret().Immutable)
	})
}
