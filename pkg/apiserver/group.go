package apiserver

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/author"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/externalsecret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/secretstore"
)

// externalSecrets makes the store of ExternalSecrets.
func (c CompletedConfig) externalSecrets(parts *components) (*genericregistry.Store, error) {
	return externalsecret.NewStore(c.scheme, c.generic.RESTOptionsGetter, externalsecret.Table{LastObserved: parts.ledger.LastObserved},
		validation.Rules{GenericTargets: c.extra.GenericTargets})
}

// apiGroup makes the storage of every resource and subresource of the group, store being that of ExternalSecrets.
func (c CompletedConfig) apiGroup(parts *components, store *genericregistry.Store, leader externalsecret.Leadership) (*genericapiserver.APIGroupInfo, error) {
	getter := c.generic.RESTOptionsGetter

	parts.feed.Store = store
	stores, storeStatus, err := secretstore.NewREST(c.scheme, getter, parts.providers, c.extra.Reach)
	if err != nil {
		return nil, err
	}
	clusterStores, clusterStoreStatus, err := secretstore.NewClusterREST(c.scheme, getter, parts.providers)
	if err != nil {
		return nil, err
	}
	rights := &author.Rights{Authorizer: c.authorizer}
	live := parts.live(c.extra, &externalsecret.ValueReaders{Rights: rights})
	previewer := &outcome.Previewer{Secrets: parts.secrets, Ledger: parts.ledger, Decider: c.extra.decider()}
	authors := &externalsecret.Authors{Rights: rights}
	if c.extra.RequireStoreUse {
		authors.Stores = &externalsecret.StoreUse{Rights: rights}
	}
	if c.extra.AuthorizeTakeover {
		authors.Takeovers = &externalsecret.Takeovers{Rights: rights, Targets: parts.host}
	}
	if c.extra.GenericTargets {
		authors.Resources = resourceFinder{parts.host.Client()}
	}
	status := externalsecret.NewStatusREST(c.scheme, store)
	keys := keyLister{parts.catalog}

	group := genericapiserver.NewDefaultAPIGroupInfo(v1.GroupName, c.scheme, metav1.ParameterCodec,
		serializer.NewCodecFactory(c.scheme))
	group.NegotiatedSerializer = secretstore.ExplainUnknownProviders(group.NegotiatedSerializer, parts.providers)
	group.VersionedResourcesStorageMap["v1"] = map[string]rest.Storage{
		"externalsecrets":            externalsecret.NewREST(store, live, authors),
		"externalsecrets/status":     status,
		"externalsecrets/secret":     externalsecret.NewSecretREST(store, live, previewer),
		"externalsecrets/refresh":    externalsecret.NewRefreshREST(store, status, leader, authors.Takeovers),
		"secretstores":               stores,
		"secretstores/status":        storeStatus,
		"secretstores/keys":          stores.Keys(keys, c.extra.LiveTimeout),
		"clustersecretstores":        clusterStores,
		"clustersecretstores/status": clusterStoreStatus,
		"clustersecretstores/keys":   clusterStores.Keys(keys, c.extra.LiveTimeout),
	}
	return &group, nil
}
