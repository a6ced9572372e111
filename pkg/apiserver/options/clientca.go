package options

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Where kube-apiserver publishes the authorities of its clients.
const (
	authenticationConfigMap = "extension-apiserver-authentication"
	clientCAKey             = "client-ca-file"
	clientCATimeout         = 10 * time.Second
)

// loadClientCA reads the authorities of the host's clients before anything is served. The API machinery has them follow the
// host's ConfigMap, and starts without them: for a moment after the start, whoever shows a certificate would be anonymous, and
// on a connection of that moment for as long as it lasts.
func (o *Options) loadClientCA(ctx context.Context) error {
	authentication := o.Recommended.Authentication
	isGiven := authentication.ClientCert.ClientCA != "" || authentication.ClientCert.CAContentProvider != nil
	if isGiven || authentication.SkipInClusterLookup {
		return nil
	}
	config, err := clusterConfig(authentication.RemoteKubeConfigFile)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	authorities, err := newClientCA(ctx, client)
	if err != nil {
		if authentication.TolerateInClusterLookupFailure {
			return nil
		}
		return err
	}
	authentication.ClientCert.CAContentProvider = authorities
	return nil
}

// clientCA is the authorities of the host's clients: those of the start until what follows the host has them.
type clientCA struct {
	*dynamiccertificates.ConfigMapCAController
	// first is nil where the host has published none.
	first dynamiccertificates.CAContentProvider
}

var (
	_ dynamiccertificates.CAContentProvider = &clientCA{}
	_ dynamiccertificates.ControllerRunner  = &clientCA{}
)

func newClientCA(ctx context.Context, client kubernetes.Interface) (*clientCA, error) {
	following, err := dynamiccertificates.NewDynamicCAFromConfigMapController("client-ca", metav1.NamespaceSystem,
		authenticationConfigMap, clientCAKey, client)
	if err != nil {
		return nil, err
	}
	authorities := &clientCA{ConfigMapCAController: following}
	ctx, cancel := context.WithTimeout(ctx, clientCATimeout)
	defer cancel()
	published, err := client.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(ctx, authenticationConfigMap, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, err
	}
	if err == nil && published.Data[clientCAKey] != "" {
		authorities.first, err = dynamiccertificates.NewStaticCAContent(following.Name(), []byte(published.Data[clientCAKey]))
		if err != nil {
			return nil, fmt.Errorf("read %s of ConfigMap %s: %w", clientCAKey, authenticationConfigMap, err)
		}
	}
	return authorities, nil
}

func (c *clientCA) current() dynamiccertificates.CAContentProvider {
	if c.first == nil || len(c.ConfigMapCAController.CurrentCABundleContent()) > 0 {
		return c.ConfigMapCAController
	}
	return c.first
}

// CurrentCABundleContent implements dynamiccertificates.CAContentProvider.
func (c *clientCA) CurrentCABundleContent() []byte { return c.current().CurrentCABundleContent() }

// VerifyOptions implements dynamiccertificates.CAContentProvider.
func (c *clientCA) VerifyOptions() (x509.VerifyOptions, bool) { return c.current().VerifyOptions() }

// clusterConfig leads to the cluster of a kubeconfig, or to the one that this process is in.
func clusterConfig(kubeconfig string) (*rest.Config, error) {
	if kubeconfig == "" {
		return rest.InClusterConfig()
	}
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: kubeconfig}, &clientcmd.ConfigOverrides{}).ClientConfig()
}
