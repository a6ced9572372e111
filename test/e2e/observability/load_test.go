package observability

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

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
	t.Cleanup(func() { env.Kubectl(t).Run("delete", "clustersecretstore", "shared", "shut") })
	l.Kubectl.Apply(l.moreStores())
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
kind: SecretStore
metadata: {name: machine}
spec:
  provider:
    infisical:
      hostAPI: %[2]s
      auth: {kubernetesAuthCredentials: {identityId: {name: identity, key: id}, serviceAccountRef: {name: machine}}}
      secretsScope: {projectSlug: home-lab-iwi-y, environmentSlug: prod, secretsPath: /cert-manager}
---
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: shared}
spec: {provider: {onepassword: {connectHost: %[1]s, vaults: {pitower: 1}, auth: {secretRef: {connectTokenSecretRef: {name: token, key: token, namespace: %[3]s}}}}}}
---
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: shut}
spec: {provider: {onepassword: {connectHost: %[1]s, vaults: {pitower: 1}, auth: {secretRef: {connectTokenSecretRef: {name: refused, key: token, namespace: %[3]s}}}}}}
`, l.Connect.URL(), l.Infisical.URL(), l.Namespace)
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

// read reads live, as people and programs do: one, all, values, one whose provider refuses, and several at once while the
// provider takes its time.
func (l *load) read(t *testing.T) {
	t.Helper()
	l.Kubectl.Run("get", "externalsecrets")
	l.Kubectl.Run("get", "externalsecret", "db")
	l.Kubectl.Run("get", "externalsecret", "refused")
	l.Kubectl.Run("get", "externalsecret", "db", "--subresource=secret")
	l.Kubectl.Fails("", "get", "externalsecret", "broken", "--subresource=secret")

	slow := l.Connect.Faults.Add(harness.Slow(500 * time.Millisecond))
	defer slow.Remove()
	var together sync.WaitGroup
	for range 4 {
		together.Go(func() {
			_, _, err := l.Kubectl.Do("", "get", "externalsecret", "db")
			assert.NoError(t, err)
		})
	}
	together.Wait()
}
