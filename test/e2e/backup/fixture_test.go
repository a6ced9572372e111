package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	typed "github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned/typed/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/snapshot"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const (
	serverNamespace = "external-secrets"
	record          = "external-secrets-apiserver-store"
)

// tenant is a namespace with providers and stores.
type tenant struct {
	*framework.Tenant
}

func newTenant(t *testing.T) *tenant {
	t.Helper()
	return &tenant{env.Tenant(t)}
}

func (f *tenant) client(t *testing.T) typed.ExternalSecretInterface {
	t.Helper()
	return env.Clientset(t).ExternalSecretsV1().ExternalSecrets(f.Namespace)
}

func (f *tenant) secret(ctx context.Context, t *testing.T, name string) (*corev1.Secret, error) {
	t.Helper()
	return env.Host(t).CoreV1().Secrets(f.Namespace).Get(ctx, name, metav1.GetOptions{})
}

// elsewhere is a store of another controller. Nobody writes the status of what names it, which would be stored once more.
const elsewhere = `
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: elsewhere}
spec:
  controller: another
  provider:
    onepassword:
      connectHost: http://127.0.0.1:1
      vaults: {none: 1}
      auth: {secretRef: {connectTokenSecretRef: {name: none, key: none}}}
`

// sized is an ExternalSecret without a Secret, whose spec is of so many bytes.
func sized(name string, bytes int) *v1.ExternalSecret {
	return &v1.ExternalSecret{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1.ExternalSecretSpec{
		SecretStoreRef: &v1.SecretStoreRef{Name: ptr.To("elsewhere")},
		Target: &v1.ExternalSecretTarget{
			CreationPolicy: ptr.To(v1.CreationNone),
			Template:       &v1.ExternalSecretTemplate{Data: map[string]string{"literal": strings.Repeat("x", bytes)}},
		},
		Data: []v1.ExternalSecretData{{SecretKey: "a", RemoteRef: v1.RemoteRef{Key: "a"}}},
	}}
}

// closed waits until the fence is closed for a reason, and returns the flag that opens it.
func (f *tenant) closed(t *testing.T, reason string) (acceptance string) {
	t.Helper()
	framework.Eventually(t, "the fence has decided", func(ctx context.Context) error {
		err := env.Clientset(t).ExternalSecretsV1().RESTClient().Get().MaxRetries(0).
			Namespace(f.Namespace).Resource("externalsecrets").Do(ctx).Error()
		if !apierrors.IsServiceUnavailable(err) {
			return fmt.Errorf("the answer is %w", err)
		}
		if !strings.Contains(err.Error(), reason) {
			return err
		}
		acceptance = regexp.MustCompile(`--accept-store=\S+`).FindString(err.Error())
		return nil
	})
	require.NotEmpty(t, acceptance)
	return acceptance
}

// run runs a snapshot subcommand that is expected to succeed.
func run(t *testing.T, args ...string) (stdout []byte) {
	t.Helper()
	stdout, stderr, err := env.Command(t, append([]string{"snapshot"}, args...)...)
	require.NoError(t, err, stderr)
	return stdout
}

// fails runs one that is not, and returns what it complained of.
func fails(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, err := env.Command(t, append([]string{"snapshot"}, args...)...)
	require.Error(t, err)
	require.Empty(t, stdout)
	return stderr
}

func save(t *testing.T) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "store.db")
	run(t, "save", file, "--data-dir="+env.Server.DataDir())
	return file
}

func status(t *testing.T, file string) (info snapshot.Info) {
	t.Helper()
	require.NoError(t, json.Unmarshal(run(t, "status", file, "-o", "json"), &info))
	return info
}

// scheduled are the snapshots that the server took by itself.
func scheduled(t *testing.T) (files []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(snapshots, "*"))
	require.NoError(t, err)
	return files
}

// storeID is the one that the cluster has on record.
func storeID(t *testing.T) string {
	t.Helper()
	found, err := env.Host(t).CoreV1().ConfigMaps(serverNamespace).Get(t.Context(), record, metav1.GetOptions{})
	require.NoError(t, err)
	return found.Data["id"]
}

// requireNoValues looks for what must not be in a snapshot.
func requireNoValues(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(content), "db_pass", "a text that is there is found")
	for _, value := range []string{framework.FirstPassword, framework.ConnectToken, framework.InfisicalSecret} {
		require.NotContains(t, string(content), value)
	}
}

// metric waits until a series of the server has a value that will do.
func metric(t *testing.T, series string, will func(value float64) bool) {
	t.Helper()
	framework.Eventually(t, series+" is as it should be", func(context.Context) error {
		_, text := env.Server.Fetch(t, "/metrics")
		line := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindSubmatch(text)
		if line == nil {
			return errors.New("it is not there")
		}
		var value float64
		if _, err := fmt.Sscan(string(line[1]), &value); err != nil || !will(value) {
			return fmt.Errorf("it is %s (%w)", line[1], err)
		}
		return nil
	})
}
