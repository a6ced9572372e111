package takeover

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// from is app with another store for a second key.
func from(kind, name string) string {
	return app("own", "Owner") + fmt.Sprintf(
		"  dataFrom: [{extract: {key: my-app}, sourceRef: {storeRef: {kind: %s, name: %s}}}]\n", kind, name)
}

// Who writes a spec needs the right to use each of its stores, whatever else they may.
func TestAuthorsNeedTheUseOfStores(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, args := range [][]string{
		{"create", "-f", "-"}, {"apply", "-f", "-"}, {"apply", "--server-side", "-f", "-"}, {"create", "--dry-run=server", "-f", "-"},
	} {
		refused := f.writer.Fails(app("own", "Owner"), args...)
		for _, part := range []string{"Forbidden", `secretstores.external-secrets.io "vault" is forbidden`, `user "writer" cannot use resource "secretstores"`, f.Namespace} {
			require.Contains(t, refused, part, args)
		}
	}
	require.Contains(t, f.author.Fails(from("SecretStore", "folder"), "create", "-f", "-"), `secretstores.external-secrets.io "folder" is forbidden`)
	require.Contains(t, f.author.Fails(from("ClusterSecretStore", "vault"), "create", "-f", "-"),
		`clustersecretstores.external-secrets.io "vault" is forbidden`, "a store of the cluster is another one")

	f.author.Apply(app("own", "Owner"))
	f.writer.Run("patch", "externalsecret", "app", "--type=merge", "-p", `{"metadata":{"labels":{"a":"b"}}}`)
	for _, args := range [][]string{
		{"patch", "externalsecret", "app", "--type=merge", "-p", `{"spec":{"refreshInterval":"5m"}}`},
		{"patch", "externalsecret", "app", "--dry-run=server", "--type=json", "-p", `[{"op":"replace","path":"/spec/refreshInterval","value":"5m"}]`},
	} {
		require.Contains(t, f.writer.Fails("", args...), `user "writer" cannot use resource "secretstores"`, args)
	}
	require.Contains(t, f.author.Fails(from("SecretStore", "folder"), "apply", "-f", "-"), `"folder" is forbidden`)
	f.Kubectl.Apply(from("SecretStore", "folder"))

	// A team may be given the use of a store of the cluster in its namespace.
	f.Kubectl.Apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: use-of-stores}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: external-secrets-store-user}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: writer}]
`)
	framework.Eventually(t, "the right is there", func(context.Context) error {
		_, stderr, err := f.writer.Do(from("ClusterSecretStore", "any"), "apply", "--dry-run=server", "-f", "-")
		if err != nil {
			return errors.New(stderr)
		}
		return nil
	})
}

// Where a store of a namespace may be, the server says; the address of the API server is in a range that is allowed,
// and is none of the places.
func TestWhereStoresMayBe(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, site := range []string{"http://169.254.169.254", "http://metadata.google.internal", "http://connect.example.com.evil.test", "http://10.0.0.1", env.ControlPlane.RESTConfig().Host} {
		manifest := strings.ReplaceAll(f.Stores(), f.Connect.URL(), site)
		refused := f.Kubectl.Fails(manifest, "apply", "-f", "-")
		require.Contains(t, refused, "spec.provider.onepassword.connectHost: Forbidden: a SecretStore may not reach", site)
		require.Contains(t, refused, "this server allows connect.example.com, 127.0.0.0/8 (--allowed-provider-hosts)", site)
	}
	f.Kubectl.Apply(strings.ReplaceAll(f.Stores(), f.Connect.URL(), "https://connect.example.com"), "--dry-run=server")
	f.Kubectl.Apply(fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: %s}
spec:
  provider:
    onepassword:
      connectHost: http://onepassword-connect.elsewhere.svc:8080
      vaults: {pitower: 1}
      auth: {secretRef: {connectTokenSecretRef: {name: token, key: token, namespace: %[1]s}}}
`, f.Namespace))
}
