package controlplane

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// tokenSeconds is the lifetime that is asked for a service account's token.
const tokenSeconds = 24 * 60 * 60

// AdminKubeconfig is the path of a kubeconfig that may do everything.
func (cp *ControlPlane) AdminKubeconfig() string { return cp.adminKubeconfig }

// RESTConfig returns a client configuration that may do everything. Like all
// configurations made here it has no client-side rate limit.
func (cp *ControlPlane) RESTConfig() *rest.Config {
	return cp.certificateConfig(cp.admin)
}

// UserConfig returns the configuration of a client with a certificate for user
// in groups. What it may do is up to RBAC.
func (cp *ControlPlane) UserConfig(user string, groups ...string) (*rest.Config, error) {
	pair, err := cp.certificates.cluster.client(user, groups...)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for user %q: %w", user, err)
	}
	return cp.certificateConfig(pair), nil
}

// ServiceAccountConfig returns the configuration of a client with a token for an
// existing service account.
func (cp *ControlPlane) ServiceAccountConfig(ctx context.Context, namespace, name string) (*rest.Config, error) {
	client, err := kubernetes.NewForConfig(cp.RESTConfig())
	if err != nil {
		return nil, err
	}
	seconds := int64(tokenSeconds)
	request := &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds},
	}
	token, err := client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("requesting a token of service account %s/%s: %w", namespace, name, err)
	}
	config := cp.anonymousConfig()
	config.BearerToken = token.Status.Token
	return config, nil
}

// Kubeconfig writes UserConfig to a new file.
func (cp *ControlPlane) Kubeconfig(user string, groups ...string) (path string, err error) {
	config, err := cp.UserConfig(user, groups...)
	if err != nil {
		return "", err
	}
	return cp.writeKubeconfig(user, config)
}

// ServiceAccountKubeconfig writes ServiceAccountConfig to a new file.
func (cp *ControlPlane) ServiceAccountKubeconfig(ctx context.Context, namespace, name string) (path string, err error) {
	config, err := cp.ServiceAccountConfig(ctx, namespace, name)
	if err != nil {
		return "", err
	}
	return cp.writeKubeconfig(namespace+"."+name, config)
}

func (cp *ControlPlane) certificateConfig(pair keyPair) *rest.Config {
	config := cp.anonymousConfig()
	config.CertData, config.KeyData = pair.cert, pair.key
	return config
}

func (cp *ControlPlane) anonymousConfig() *rest.Config {
	return &rest.Config{
		Host:            cp.APIServerURL(),
		TLSClientConfig: rest.TLSClientConfig{CAData: cp.CA()},
		QPS:             -1,
	}
}

func (cp *ControlPlane) writeKubeconfig(user string, config *rest.Config) (path string, err error) {
	const cluster = "controlplane"
	content, err := clientcmd.Write(clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{
			cluster: {Server: config.Host, CertificateAuthorityData: config.CAData},
		},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{
			user: {
				ClientCertificateData: config.CertData,
				ClientKeyData:         config.KeyData,
				Token:                 config.BearerToken,
			},
		},
		Contexts:       map[string]*clientcmdapi.Context{cluster: {Cluster: cluster, AuthInfo: user}},
		CurrentContext: cluster,
	})
	if err != nil {
		return "", fmt.Errorf("writing a kubeconfig for %q: %w", user, err)
	}
	file, err := os.CreateTemp(kubeconfigDir(cp.options.Dir), fileName(user)+"-*.kubeconfig")
	if err != nil {
		return "", err
	}
	defer file.Close()
	if _, err := file.Write(content); err != nil {
		return "", err
	}
	return file.Name(), file.Close()
}

// fileName keeps of a user's name what may stand in the name of a file.
func fileName(user string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-':
			return r
		default:
			return '_'
		}
	}, user)
}

func kubeconfigDir(dir string) string { return filepath.Join(dir, "kubeconfigs") }
