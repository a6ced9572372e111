package apiserver

import (
	"context"
	"fmt"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/fence"
)

// newFence makes what keeps a store that is not the cluster's from being served.
func (c CompletedConfig) newFence(parts *components, externalSecrets *genericregistry.Store) (*fence.Fence, error) {
	client, err := kubernetes.NewForConfig(c.extra.Host)
	if err != nil {
		return nil, fmt.Errorf("set up the client for the record of the store: %w", err)
	}
	return fence.New(fence.Config{
		Store:     fence.NewEtcd(c.extra.Etcd, c.extra.EtcdPrefix),
		Records:   fence.NewConfigMap(client.CoreV1(), c.extra.Namespace),
		Host:      parts.host,
		Namespace: c.extra.Namespace,
		Stored:    func(ctx context.Context) (map[types.UID]bool, error) { return storedUIDs(ctx, externalSecrets) },
		Accept:    c.extra.AcceptStore,
		Pulse:     parts.pulse,
		Logger:    Logger(),
	}), nil
}

// putBehind has requests reach the API through the fence. It stands behind authentication and authorization: who may not ask
// does not learn of it.
func (c CompletedConfig) putBehind(guard *fence.Fence) {
	codecs := serializer.NewCodecFactory(c.scheme)
	build := c.generic.BuildHandlerChainFunc
	c.generic.BuildHandlerChainFunc = func(api http.Handler, config *genericapiserver.Config) http.Handler {
		return build(guard.Handler(v1.SchemeGroupVersion, codecs, api), config)
	}
}

// storedUIDs reads the store itself: no request gets past the fence when it is asked for.
func storedUIDs(ctx context.Context, externalSecrets *genericregistry.Store) (map[types.UID]bool, error) {
	list, err := externalSecrets.List(genericapirequest.WithNamespace(ctx, metav1.NamespaceAll), nil)
	if err != nil {
		return nil, err
	}
	items, ok := list.(*v1.ExternalSecretList)
	if !ok {
		return nil, fmt.Errorf("the store lists %T", list)
	}
	uids := make(map[types.UID]bool, len(items.Items))
	for i := range items.Items {
		uids[items.Items[i].UID] = true
	}
	return uids, nil
}
