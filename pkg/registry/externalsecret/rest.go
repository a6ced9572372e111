package externalsecret

import (
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
)

// REST is ExternalSecrets as kubectl sees them: the Store, with live reads over it.
type REST struct {
	*genericregistry.Store
}

var _ interface {
	rest.StandardStorage
	rest.ShortNamesProvider
	rest.CategoriesProvider
	rest.SingularNameProvider
} = (*REST)(nil)

// NewREST serves what store holds.
func NewREST(store *genericregistry.Store) *REST {
	return &REST{Store: store}
}

// ShortNames are those of External Secrets Operator's CRD.
func (*REST) ShortNames() []string { return []string{"es"} }

// Categories let `kubectl get external-secrets` list the kind.
func (*REST) Categories() []string { return []string{"external-secrets"} }
