package secrecy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
	typed "github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned/typed/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// encrypted has the resources of the group written with a key, and what was written before read as it is.
const encrypted = `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: ["*.external-secrets.io"]
  providers:
  - secretbox: {keys: [{name: first, secret: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=}]}
  - identity: {}
`

// TestEncryptionAtRest: with --encryption-provider-config nothing of a spec is in etcd's files, and without the key the server
// says what it is that it cannot read.
func TestEncryptionAtRest(t *testing.T) {
	config := filepath.Join(t.TempDir(), "encryption.yaml")
	require.NoError(t, os.WriteFile(config, []byte(encrypted), 0o600))
	namespace := env.Namespace(t)
	before, after := canaries{}, canaries{}

	plain := env.StartServer(t, "plain")
	create(t, clientOf(t, plain, namespace), "before", before.mark("a literal in a template"))
	plain.Stop(t)
	require.True(t, before.holds(t, plain.DataDir()), "without encryption the specs stand in etcd as they are")
	data := "--data-dir=" + plain.DataDir()

	sealed := env.StartServer(t, "sealed", data, "--encryption-provider-config="+config)
	client := clientOf(t, sealed, namespace)
	found, err := client.Get(t.Context(), "before", metav1.GetOptions{})
	require.NoError(t, err)
	require.Contains(t, found.Spec.Target.Template.Data["literal"], "canary")
	create(t, client, "after", after.mark("another literal"))
	sealed.Stop(t)
	after.requireNoneBelow(t, plain.DataDir())

	keyless := env.StartUnready(t, "keyless", data)
	const cause = "identity transformer tried to read encrypted data"
	client = clientOf(t, keyless, namespace)
	framework.Eventually(t, "a read says what is wrong", func(ctx context.Context) error {
		_, err := client.Get(ctx, "after", metav1.GetOptions{})
		if apierrors.IsInternalError(err) && strings.Contains(err.Error(), cause) {
			return nil
		}
		return fmt.Errorf("it says: %w", err)
	})
	framework.Eventually(t, "the log says so", func(context.Context) error {
		if !strings.Contains(keyless.Log(t), cause) {
			return errors.New("it does not")
		}
		return nil
	})
	status, answer := fetch(t, keyless, "/readyz")
	require.Equal(t, http.StatusInternalServerError, status)
	require.Contains(t, string(answer), "[-]poststarthook/storage-readiness failed")
}

func clientOf(t *testing.T, server *framework.Server, namespace string) typed.ExternalSecretInterface {
	t.Helper()
	client, err := versioned.NewForConfig(server.Config(t, "admin", "system:masters"))
	require.NoError(t, err)
	objects := client.ExternalSecretsV1().ExternalSecrets(namespace)
	// A server that has just begun to listen may not know yet by whom it is asked.
	framework.Eventually(t, "the server knows the client", func(ctx context.Context) error {
		if _, err := objects.Get(ctx, "none", metav1.GetOptions{}); apierrors.IsForbidden(err) {
			return err
		}
		return nil
	})
	return objects
}

// create stores an ExternalSecret with a literal in its template, and no Secret.
func create(t *testing.T, client typed.ExternalSecretInterface, name, literal string) {
	t.Helper()
	es := &v1.ExternalSecret{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1.ExternalSecretSpec{
		SecretStoreRef: &v1.SecretStoreRef{Name: ptr.To("none")},
		Target: &v1.ExternalSecretTarget{
			CreationPolicy: ptr.To(v1.CreationNone), Template: &v1.ExternalSecretTemplate{Data: map[string]string{"literal": literal}},
		},
		Data: []v1.ExternalSecretData{{SecretKey: "a", RemoteRef: v1.RemoteRef{Key: "a"}}},
	}}
	_, err := client.Create(t.Context(), es, metav1.CreateOptions{})
	require.NoError(t, err)
}
