package replicas

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// app is a namespace with Secrets that all hold the same value of a provider.
type app struct {
	*framework.Tenant
	namespace string
	size      int
	host      framework.Etcd
}

// newApp returns when all Secrets are written, and nothing further is.
func newApp(t *testing.T, size int) *app {
	t.Helper()
	a := &app{Tenant: env.Tenant(t), size: size}
	a.namespace = a.Namespace
	var err error
	a.host, err = env.HostEtcd()
	require.NoError(t, err)
	t.Cleanup(func() { a.host.Close() })
	objects := env.Clientset(t).ExternalSecretsV1().ExternalSecrets(a.namespace)
	for i := range size {
		_, err := objects.Create(t.Context(), &v1.ExternalSecret{
			ObjectMeta: metav1.ObjectMeta{Name: a.name(i)},
			Spec: v1.ExternalSecretSpec{
				SecretStoreRef: &v1.SecretStoreRef{Name: ptr.To("vault")},
				Data:           []v1.ExternalSecretData{{SecretKey: "password", RemoteRef: v1.RemoteRef{Key: "my-app", Property: ptr.To("db_pass")}}},
			},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
	}
	a.awaitAll(t, framework.FirstPassword)
	return a
}

func (a *app) name(i int) string { return fmt.Sprintf("app-%03d", i) }

// have counts the Secrets that hold a password.
func (a *app) have(ctx context.Context, t *testing.T, password string) (n int, err error) {
	secrets, err := env.Host(t).CoreV1().Secrets(a.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, err
	}
	for i := range secrets.Items {
		if strings.HasPrefix(secrets.Items[i].Name, "app-") && string(secrets.Items[i].Data["password"]) == password {
			n++
		}
	}
	return n, nil
}

func (a *app) await(t *testing.T, password string, least int) {
	t.Helper()
	framework.Eventually(t, fmt.Sprintf("%d Secrets hold %s", least, password), func(ctx context.Context) error {
		n, err := a.have(ctx, t, password)
		if err == nil && n < least {
			err = fmt.Errorf("%d of %d do", n, a.size)
		}
		return err
	})
}

func (a *app) awaitAll(t *testing.T, password string) {
	t.Helper()
	a.await(t, password, a.size)
}

// now is the revision of the host's etcd.
func (a *app) now(t *testing.T) int64 {
	t.Helper()
	revision, err := a.host.Revision(t.Context())
	require.NoError(t, err)
	return revision
}

// writtenOnce requires that since a revision each Secret was written as often as the value changed, whoever wrote it.
func (a *app) writtenOnce(t *testing.T, since int64, changes int) {
	t.Helper()
	writes, err := a.host.Since(t.Context(), since)
	require.NoError(t, err)
	perSecret := map[string]int{}
	for _, w := range writes {
		if name, ok := strings.CutPrefix(w.Key, "/registry/secrets/"+a.namespace+"/app-"); ok {
			perSecret["app-"+name]++
		}
	}
	for i := range a.size {
		require.Equal(t, changes, perSecret[a.name(i)], "writes of Secret %s", a.name(i))
	}
	t.Logf("%d Secrets were written %d times each", a.size, changes)
}
