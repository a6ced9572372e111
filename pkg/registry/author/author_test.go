package author_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/author"
)

func TestCheck(t *testing.T) {
	action := author.Action{
		Verb: "update", Resource: corev1.SchemeGroupVersion.WithResource("secrets"), Namespace: "team", Name: "db", For: "which the test needs",
	}
	for name, c := range map[string]struct {
		decision authorizer.Decision
		err      error
		message  string
	}{
		"allowed":    {authorizer.DecisionAllow, nil, ""},
		"no opinion": {authorizer.DecisionNoOpinion, nil, `secrets "db" is forbidden: user "ann" cannot update resource "secrets" in API group "" in the namespace "team", which the test needs`},
		"denied":     {authorizer.DecisionDeny, nil, `cannot update resource "secrets"`},
		"no answer":  {authorizer.DecisionAllow, errors.New("refused"), `ask the host whether user "ann" may update secrets "db"`},
	} {
		t.Run(name, func(t *testing.T) {
			var asked authorizer.Attributes
			rights := &author.Rights{Authorizer: authorizer.AuthorizerFunc(
				func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
					asked = a
					return c.decision, "", c.err
				})}
			err := rights.Check(genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "ann"}), action)
			require.Equal(t, "ann", asked.GetUser().GetName())
			require.Equal(t, []string{"update", "", "v1", "secrets", "", "team", "db"}, []string{
				asked.GetVerb(), asked.GetAPIGroup(), asked.GetAPIVersion(), asked.GetResource(), asked.GetSubresource(), asked.GetNamespace(), asked.GetName(),
			})
			require.True(t, asked.IsResourceRequest())
			if c.message == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.message)
			require.Equal(t, c.err == nil, apierrors.IsForbidden(err))
		})
	}
}
