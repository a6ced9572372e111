package apiserver

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/externalsecret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/secretstore"
)

// apiGroup makes the storage of every resource and subresource of the group.
func (c CompletedConfig) apiGroup() (*genericapiserver.APIGroupInfo, error) {
	getter := c.generic.RESTOptionsGetter
	var providers []provider.Provider

	store, err := externalsecret.NewStore(c.scheme, getter, externalsecret.Table{})
	if err != nil {
		return nil, err
	}
	stores, storeStatus, err := secretstore.NewREST(c.scheme, getter, providers)
	if err != nil {
		return nil, err
	}
	clusterStores, clusterStoreStatus, err := secretstore.NewClusterREST(c.scheme, getter, providers)
	if err != nil {
		return nil, err
	}

	group := genericapiserver.NewDefaultAPIGroupInfo(v1.GroupName, c.scheme, metav1.ParameterCodec,
		serializer.NewCodecFactory(c.scheme))
	group.VersionedResourcesStorageMap["v1"] = map[string]rest.Storage{
		"externalsecrets":            externalsecret.NewREST(store),
		"externalsecrets/status":     externalsecret.NewStatusREST(c.scheme, store),
		"secretstores":               stores,
		"secretstores/status":        storeStatus,
		"clustersecretstores":        clusterStores,
		"clustersecretstores/status": clusterStoreStatus,
	}
	return &group, nil
}
