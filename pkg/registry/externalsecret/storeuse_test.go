package externalsecret

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/author"
)

func storeRef(kind, name string) *v1.SecretStoreRef {
	return &v1.SecretStoreRef{Kind: ptr.To(kind), Name: ptr.To(name)}
}

// takesFrom is an ExternalSecret with a store of its own and, for each of others, an entry that takes from it.
func takesFrom(own *v1.SecretStoreRef, others ...*v1.SecretStoreRef) *v1.ExternalSecret {
	es := &v1.ExternalSecret{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "es"}, Spec: v1.ExternalSecretSpec{SecretStoreRef: own}}
	es.Spec.Data = []v1.ExternalSecretData{{SecretKey: "a", RemoteRef: v1.RemoteRef{Key: "a"}}}
	for i, ref := range others {
		es.Spec.DataFrom = append(es.Spec.DataFrom, v1.ExternalSecretDataFrom{
			Extract: &v1.RemoteRef{Key: fmt.Sprint(i)}, SourceRef: &v1.SourceRef{StoreRef: ref},
		})
	}
	return es
}

func TestUseOfStores(t *testing.T) {
	const vault, shared = "use external-secrets.io/secretstores/vault in team", "use external-secrets.io/clustersecretstores/shared in team"
	var many []*v1.SecretStoreRef
	for i := range maxStoresAsked {
		many = append(many, storeRef("SecretStore", fmt.Sprint("s", i)))
	}
	for name, c := range map[string]struct {
		es      *v1.ExternalSecret
		allowed []string
		asked   []string
		message string
	}{
		"may use it": {takesFrom(storeRef("SecretStore", "vault")), []string{vault}, []string{vault}, ""},
		"the default kind": {takesFrom(&v1.SecretStoreRef{Name: ptr.To("vault")}), nil, []string{vault},
			`secretstores.external-secrets.io "vault" is forbidden: user "ann" cannot use resource "secretstores" in API group "external-secrets.io" ` +
				`in the namespace "team", which an ExternalSecret needs that takes from it (--require-store-use)`},
		"of the cluster": {takesFrom(storeRef("ClusterSecretStore", "shared")), []string{vault}, []string{shared}, `clustersecretstores.external-secrets.io "shared" is forbidden`},
		"one of two":     {takesFrom(storeRef("SecretStore", "vault"), storeRef("ClusterSecretStore", "shared")), []string{vault}, []string{vault, shared}, `"shared" is forbidden`},
		"each once":      {takesFrom(storeRef("SecretStore", "vault"), storeRef("", "vault"), nil), []string{vault}, []string{vault}, ""},
		"no store":       {takesFrom(nil), nil, nil, ""},
		"too many":       {takesFrom(storeRef("SecretStore", "vault"), many...), nil, nil, "it takes from 65 stores"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			authors := &Authors{Stores: &StoreUse{Rights: &author.Rights{Authorizer: authorizer.AuthorizerFunc(
				func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
					question := fmt.Sprintf("%s %s/%s/%s in %s", a.GetVerb(), a.GetAPIGroup(), a.GetResource(), a.GetName(), a.GetNamespace())
					asked = append(asked, question)
					if slices.Contains(c.allowed, question) {
						return authorizer.DecisionAllow, "", nil
					}
					return authorizer.DecisionNoOpinion, "", nil
				})}}}
			ctx := genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "ann"})
			err := check(authors.check).onCreate(nil)(ctx, c.es)
			require.Equal(t, c.asked, asked)
			if c.message == "" {
				require.NoError(t, err)
				return
			}
			require.True(t, apierrors.IsForbidden(err), "%v", err)
			require.ErrorContains(t, err, c.message)
		})
	}
}

func TestUseOfStoresNeedsAnAnswer(t *testing.T) {
	authors := &Authors{Stores: &StoreUse{Rights: &author.Rights{Authorizer: authorizer.AuthorizerFunc(
		func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
			return authorizer.DecisionAllow, "", errors.New("refused")
		})}}}
	require.True(t, apierrors.IsInternalError(authors.check(t.Context(), takesFrom(storeRef("SecretStore", "vault")))))
	require.NoError(t, (&Authors{}).check(t.Context(), takesFrom(storeRef("SecretStore", "vault"))), "nobody is asked unless that is wanted")
}
