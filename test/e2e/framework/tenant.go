package framework

import (
	"context"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// The credentials that seed.HomeCluster lets in.
const (
	ConnectToken    = "demo-connect-token"
	InfisicalID     = "demo-client-id"
	InfisicalSecret = "demo-client-secret"
)

// FirstPassword is the field db_pass of the item my-app, as seed.HomeCluster has it.
const FirstPassword = "demo-db-pass-not-real"

// Tenant is a namespace with providers of its own, and a SecretStore on each:
// "vault" (1Password Connect) and "folder" (Infisical, recursive from /).
type Tenant struct {
	Simulators
	Namespace string
	// Kubectl may do everything, in the tenant's namespace.
	Kubectl Kubectl

	env *Environment
}

// Tenant makes a Tenant for the test.
func (e *Environment) Tenant(t testing.TB) *Tenant {
	t.Helper()
	return e.TenantIn(t, e.Namespace(t))
}

// TenantIn is Tenant in a namespace that is there, and stays.
func (e *Environment) TenantIn(t testing.TB, namespace string) *Tenant {
	t.Helper()
	f := &Tenant{Simulators: StartSimulators(t), Namespace: namespace, env: e}
	f.Kubectl = e.Kubectl(t).In(f.Namespace)
	f.Kubectl.Run("create", "secret", "generic", "token", "--from-literal=token="+ConnectToken)
	f.Kubectl.Run("create", "secret", "generic", "identity",
		"--from-literal=id="+InfisicalID, "--from-literal=secret="+InfisicalSecret)
	f.Kubectl.Apply(f.Stores())
	return f
}

// Stores are the manifests of the tenant's stores. Their credentials are the keys
// token of Secret token, and id and secret of Secret identity.
func (f *Tenant) Stores() string {
	return fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: vault}
spec:
  provider:
    onepassword:
      connectHost: %s
      vaults: {pitower: 1}
      auth: {secretRef: {connectTokenSecretRef: {name: token, key: token}}}
---
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: folder}
spec:
  provider:
    infisical:
      hostAPI: %s
      auth:
        universalAuthCredentials:
          clientId: {name: identity, key: id}
          clientSecret: {name: identity, key: secret}
      secretsScope: {projectSlug: home-lab-iwi-y, environmentSlug: prod, secretsPath: /, recursive: true}
`, f.Connect.URL(), f.Infisical.URL())
}

// SetPassword changes the field db_pass of the item my-app.
func (f *Tenant) SetPassword(value string) { f.Connect.SetField("pitower", "my-app", "db_pass", value) }

// Stored is an ExternalSecret as it is in etcd: no provider is asked. The watch
// cache that it is read from may be a moment behind its creation.
func (f *Tenant) Stored(t testing.TB, name string) *v1.ExternalSecret {
	t.Helper()
	client := f.env.Clientset(t).ExternalSecretsV1().ExternalSecrets(f.Namespace)
	var stored *v1.ExternalSecret
	Eventually(t, "ExternalSecret "+name+" is in the watch cache", func(ctx context.Context) error {
		found, err := client.Get(ctx, name, metav1.GetOptions{ResourceVersion: "0"})
		stored = found
		return err
	})
	return stored
}
