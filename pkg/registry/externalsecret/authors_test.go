package externalsecret

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/author"
)

// resourcesOf serves ConfigMaps, and fails otherwise as a host may.
type resourcesOf map[string]error

func (r resourcesOf) Find(_ context.Context, kind schema.GroupVersionKind) (schema.GroupVersionResource, error) {
	if err := r[kind.Kind]; err != nil {
		return schema.GroupVersionResource{}, err
	}
	return kind.GroupVersion().WithResource("configmaps"), nil
}

// TestAuthorsOfOtherKinds asks for the right to write an object of another kind, which this server may have and they not.
func TestAuthorsOfOtherKinds(t *testing.T) {
	both := []string{"create configmaps/settings in team", "update configmaps/settings in team"}
	for name, c := range map[string]struct {
		kind     string
		creation v1.CreationPolicy
		allowed  []string
		asked    int
		fails    func(error) bool
	}{
		"may write":            {"ConfigMap", v1.CreationOwner, both, 2, nil},
		"may not create":       {"ConfigMap", v1.CreationOwner, both[1:], 1, apierrors.IsForbidden},
		"may not update":       {"ConfigMap", v1.CreationMerge, both[:1], 2, apierrors.IsForbidden},
		"nothing is written":   {"ConfigMap", v1.CreationNone, nil, 0, nil},
		"a kind to come":       {"Unserved", v1.CreationOwner, []string{"create unserveds/settings in team", "update unserveds/settings in team"}, 2, nil},
		"another kind to come": {"Unserved", v1.CreationOwner, both, 1, apierrors.IsForbidden},
		"a host that is away":  {"Unknown", v1.CreationOwner, both, 0, apierrors.IsInternalError},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			authors := &Authors{
				Resources: resourcesOf{
					"Unserved": &secret.Refusal{Cause: secret.UnfitKind, Message: "the host does not serve it"},
					"Unknown":  errors.New("refused"),
				},
				Rights: &author.Rights{Authorizer: authorizer.AuthorizerFunc(
					func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
						asked++
						if slices.Contains(c.allowed, a.GetVerb()+" "+a.GetResource()+"/"+a.GetName()+" in "+a.GetNamespace()) {
							return authorizer.DecisionAllow, "", nil
						}
						return authorizer.DecisionNoOpinion, "", nil
					})},
			}
			es := &v1.ExternalSecret{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "es"}, Spec: v1.ExternalSecretSpec{
				Target: &v1.ExternalSecretTarget{
					Name: ptr.To("settings"), CreationPolicy: &c.creation, Manifest: &v1.ManifestReference{APIVersion: "v1", Kind: c.kind},
				},
			}}
			ctx := genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "ann"})
			err := check(authors.check).onCreate(nil)(ctx, es)
			require.Equal(t, c.asked, asked)
			if c.fails == nil {
				require.NoError(t, err)
				return
			}
			require.True(t, c.fails(err), "%v", err)
			require.ErrorContains(t, err, "spec.target.manifest", "the field is named")
		})
	}
}

// TestAuthorsAreAskedAboutSpecs leaves alone what changes no spec.
func TestAuthorsAreAskedAboutSpecs(t *testing.T) {
	refused := errors.New("refused")
	c := check(func(context.Context, *v1.ExternalSecret) error { return refused })
	before := &v1.ExternalSecret{ObjectMeta: metav1.ObjectMeta{Generation: 3}}
	after := before.DeepCopy()
	after.Labels = map[string]string{"a": "b"}
	require.NoError(t, c.onUpdate(nil)(t.Context(), after, before))
	after.Generation++
	require.ErrorIs(t, c.onUpdate(nil)(t.Context(), after, before), refused)
}
