package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	typed "github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned/typed/externalsecrets/v1"
)

// idleStore is a store that is left to a controller of another class: nobody but
// the test writes the status of what uses it.
const idleStore = `
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata:
  name: idle
spec:
  controller: nobody
  provider:
    onepassword:
      connectHost: http://127.0.0.1:1
      vaults: {home: 1}
      auth:
        secretRef:
          connectTokenSecretRef: {name: token, key: token}
`

// apiNamespace is a namespace with idleStore, for a test of the API alone.
func apiNamespace(t *testing.T) string {
	t.Helper()
	namespace := env.Namespace(t)
	env.Kubectl(t).In(namespace).Apply(idleStore)
	return namespace
}

// externalSecret takes one key of idleStore.
func externalSecret(name string) *v1.ExternalSecret {
	return &v1.ExternalSecret{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1.ExternalSecretSpec{
			SecretStoreRef: &v1.SecretStoreRef{Name: ptr.To("idle"), Kind: ptr.To(v1.SecretStoreKind)},
			Data: []v1.ExternalSecretData{
				{SecretKey: "password", RemoteRef: v1.RemoteRef{Key: "database", Property: ptr.To("password")}},
			},
		},
	}
}

// manifest is externalSecret as somebody would write it.
func manifest(name string) string {
	return strings.ReplaceAll(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: NAME
spec:
  secretStoreRef: {name: idle, kind: SecretStore}
  data:
  - secretKey: password
    remoteRef: {key: database, property: password}
`, "NAME", name)
}

// externalSecrets is the client of a namespace's ExternalSecrets.
func externalSecrets(t *testing.T, namespace string) typed.ExternalSecretInterface {
	t.Helper()
	return env.Clientset(t).ExternalSecretsV1().ExternalSecrets(namespace)
}

// stored reads an ExternalSecret as it is stored: without status.live.
func stored(t *testing.T, namespace, name string) *v1.ExternalSecret {
	t.Helper()
	es := &v1.ExternalSecret{}
	err := env.Clientset(t).ExternalSecretsV1().RESTClient().Get().Namespace(namespace).
		Resource("externalsecrets").Name(name).SubResource("status").Do(t.Context()).Into(es)
	require.NoError(t, err)
	return es
}

func createExternalSecret(t *testing.T, namespace, name string, edits ...func(*v1.ExternalSecret)) *v1.ExternalSecret {
	t.Helper()
	es := externalSecret(name)
	for _, edit := range edits {
		edit(es)
	}
	created, err := externalSecrets(t, namespace).Create(t.Context(), es, metav1.CreateOptions{})
	require.NoError(t, err)
	return created
}

// raw is a client for requests that no typed client makes.
func raw(t *testing.T) rest.Interface {
	t.Helper()
	return env.Host(t).CoreV1().RESTClient()
}

func groupPath(elements ...string) string {
	return "/apis/external-secrets.io/v1/" + strings.Join(elements, "/")
}

// answer makes a request and returns its status, media type and body.
func answer(ctx context.Context, r *rest.Request) (code int, contentType string, body []byte, err error) {
	result := r.Do(ctx)
	result.StatusCode(&code).ContentType(&contentType)
	body, err = result.Raw()
	return code, contentType, body, err
}
