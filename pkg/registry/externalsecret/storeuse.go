package externalsecret

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/author"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
)

// maxStoresAsked bounds the questions to the host that one write may cause.
const maxStoresAsked = 64

// StoreUse asks who writes the spec of an ExternalSecret for the verb use on the stores that it takes from. A controller could
// not ask: it never sees the user. A nil StoreUse asks nothing.
type StoreUse struct {
	Rights *author.Rights
}

// check asks in the namespace of the ExternalSecret about stores of the cluster too, so that a RoleBinding can give a team the
// use of one. All stores of a spec are asked about, also those that it named before: whoever changes a template or a target
// changes what becomes of their values.
func (u *StoreUse) check(ctx context.Context, es *v1.ExternalSecret) error {
	if u == nil {
		return nil
	}
	// An entry that cannot be asked for, which is what the error is about, takes nothing.
	needs, _ := resolve.Needs(es)
	if len(needs) > maxStoresAsked {
		return apierrors.NewForbidden(v1.Resource("externalsecrets"), es.Name, fmt.Errorf(
			"it takes from %d stores, and this server asks for the right to use %d at most (--require-store-use)", len(needs), maxStoresAsked))
	}
	for i := range needs {
		if err := u.Rights.Check(ctx, author.Action{
			Verb: "use", Resource: v1.SchemeGroupVersion.WithResource(resourceOf(needs[i].Store.Kind)),
			Namespace: es.Namespace, Name: needs[i].Store.Name,
			For: "which an ExternalSecret needs that takes from it (--require-store-use)",
		}); err != nil {
			return err
		}
	}
	return nil
}

func resourceOf(storeKind string) string {
	if storeKind == v1.ClusterSecretStoreKind {
		return "clustersecretstores"
	}
	return "secretstores"
}
