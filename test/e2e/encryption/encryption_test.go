package encryption

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
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

// What the specs hold that are stored before there is a key, and with it.
const (
	inClear = "a-literal-of-before"
	sealed  = "a-literal-of-after"
)

// TestEncryptionAtRest: with --encryption-provider-config nothing of a spec is in etcd's files, and without the key the server
// says what it is that it cannot read.
func TestEncryptionAtRest(t *testing.T) {
	config := filepath.Join(t.TempDir(), "encryption.yaml")
	require.NoError(t, os.WriteFile(config, []byte(encrypted), 0o600))
	namespace := env.Namespace(t)
	create(t, clientOf(t, env.Server, namespace), "before", inClear)
	env.Server.Stop(t)
	require.NotEmpty(t, holding(t, inClear), "without encryption the specs stand in etcd as they are")

	env.Server.Restart(t, "--encryption-provider-config="+config)
	client := clientOf(t, env.Server, namespace)
	found, err := client.Get(t.Context(), "before", metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, inClear, found.Spec.Target.Template.Data["literal"])
	create(t, client, "after", sealed)
	// Nor is it in a snapshot, which is beside them.
	_, said, err := env.Command(t, "snapshot", "save", filepath.Join(env.Server.DataDir(), "snapshot.db"), "--data-dir="+env.Server.DataDir())
	require.NoError(t, err, said)
	env.Server.Stop(t)
	require.Empty(t, holding(t, sealed))

	withoutKey(t, namespace)

	env.Server.Start(t)
	client = clientOf(t, env.Server, namespace)
	found, err = client.Get(t.Context(), "after", metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, sealed, found.Spec.Target.Template.Data["literal"])
	// The clean-up starts the server as it was first, without the key.
	require.NoError(t, client.Delete(t.Context(), "after", metav1.DeleteOptions{}))
}

// withoutKey runs a server without the key on the store of the one that is stopped. It is the store on record, so that the
// fence is open.
func withoutKey(t *testing.T, namespace string) {
	t.Helper()
	keyless := env.StartUnready(t, "keyless", "--data-dir="+env.Server.DataDir())
	const cause = "identity transformer tried to read encrypted data"
	client := clientOf(t, keyless, namespace)
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
	status, answer := keyless.Fetch(t, "/readyz")
	require.Equal(t, http.StatusInternalServerError, status)
	require.Contains(t, string(answer), "[-]poststarthook/storage-readiness failed")
	require.Contains(t, string(answer), "[+]fence ok")
	keyless.Stop(t)
}

// holding are the files of the server's store that a text is in.
func holding(t *testing.T, text string) []string {
	t.Helper()
	var files []string
	looked := 0
	require.NoError(t, filepath.WalkDir(env.Server.DataDir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		looked++
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			files = append(files, path)
		}
		return err
	}))
	require.Positive(t, looked, "there are files in %s", env.Server.DataDir())
	return files
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
