package observability

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// load is a tenant of whose objects some are as they should be, and some are not.
type load struct {
	*framework.Tenant
}

// newLoad makes what dashboards show: objects of both providers, one that fails, stores that cannot be used because their
// credential is refused, live reads of all kinds.
func newLoad(t *testing.T) *load {
	t.Helper()
	l := &load{env.Tenant(t)}
	l.Kubectl.Run("create", "secret", "generic", "refused", "--from-literal=token=not-the-one")
	l.Kubectl.Run("create", "serviceaccount", "machine")
	t.Cleanup(func() {
		for _, name := range []string{"shared", "shut"} {
			err := env.Clientset(t).ExternalSecretsV1().ClusterSecretStores().Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{})
			require.NoError(t, err)
		}
	})
	l.Kubectl.Apply(l.moreStores() + l.machineStore("machine"))
	l.Kubectl.Apply(externalSecret("db", "vault", "my-app", "db_pass") + externalSecret("mail", "vault", "my-app", "password") +
		externalSecret("dns", "folder", "/cert-manager/CLOUDFLARE_API_TOKEN", "") +
		externalSecret("broken", "vault", "no-such-item", "password") + externalSecret("refused", "refused", "my-app", "db_pass") +
		externalSecret("machine", "machine", "/cert-manager/CLOUDFLARE_API_TOKEN", ""))
	l.Kubectl.Run("wait", "--for=condition=Ready", "--timeout=120s", "externalsecret/db", "externalsecret/mail", "externalsecret/dns")
	l.Kubectl.Run("wait", "--for=condition=Ready=False", "--timeout=120s", "externalsecret/broken")
	return l
}

func (l *load) moreStores() string {
	return fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: refused}
spec: {provider: {onepassword: {connectHost: %[1]s, vaults: {pitower: 1}, auth: {secretRef: {connectTokenSecretRef: {name: refused, key: token}}}}}}
---
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: shared}
spec: {provider: {onepassword: {connectHost: %[1]s, vaults: {pitower: 1}, auth: {secretRef: {connectTokenSecretRef: {name: token, key: token, namespace: %[2]s}}}}}}
---
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: shut}
spec: {provider: {onepassword: {connectHost: %[1]s, vaults: {pitower: 1}, auth: {secretRef: {connectTokenSecretRef: {name: refused, key: token, namespace: %[2]s}}}}}}
---
`, l.Connect.URL(), l.Namespace)
}

// machineStore logs in as the service account of its name. Infisical does not know it.
func (l *load) machineStore(name string) string {
	return fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: %[1]s}
spec:
  provider:
    infisical:
      hostAPI: %[2]s
      auth: {kubernetesAuthCredentials: {identityId: {name: identity, key: id}, serviceAccountRef: {name: %[1]s}}}
      secretsScope: {projectSlug: home-lab-iwi-y, environmentSlug: prod, secretsPath: /cert-manager}
---
`, name, l.Infisical.URL())
}

func externalSecret(name, store, key, property string) string {
	if property != "" {
		property = ", property: " + property
	}
	return fmt.Sprintf(`---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %[1]s}
spec:
  refreshInterval: 1m
  secretStoreRef: {name: %[2]s}
  target: {name: %[1]s-target}
  data: [{secretKey: value, remoteRef: {key: %[3]s%[4]s}}]
`, name, store, key, property)
}

// read reads live, as people and programs do, until the test ends: one, all, values, one whose provider refuses, and several
// at once while the provider takes its time.
func (l *load) read(t *testing.T) {
	t.Helper()
	l.Connect.Faults.Add(harness.Slow(200 * time.Millisecond))
	client := env.Clientset(t).ExternalSecretsV1()
	objects := client.ExternalSecrets(l.Namespace)
	get := func(ctx context.Context, name string) { _, _ = objects.Get(ctx, name, metav1.GetOptions{}) }
	values := func(ctx context.Context, name string) {
		_ = client.RESTClient().Get().Namespace(l.Namespace).Resource("externalsecrets").Name(name).SubResource("secret").Do(ctx).Error()
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var readers sync.WaitGroup
	for _, read := range []func(){
		func() { get(ctx, "db") },
		func() { get(ctx, "mail") },
		func() { get(ctx, "refused") },
		func() { values(ctx, "db") },
		func() { values(ctx, "broken") },
		func() { _, _ = objects.List(ctx, metav1.ListOptions{}) },
	} {
		readers.Go(func() {
			for ctx.Err() == nil {
				read()
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		readers.Wait()
	})
}
