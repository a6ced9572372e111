package takeover

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const (
	writer = `{apiGroups: [external-secrets.io], resources: [externalsecrets, externalsecrets/status], verbs: [get, create, update, patch]},` +
		`{apiGroups: [external-secrets.io], resources: [externalsecrets/refresh], verbs: [create]},` +
		`{apiGroups: [external-secrets.io], resources: [externalsecrets/secret], verbs: [get]},` +
		`{apiGroups: [""], resources: [secrets], verbs: [get, create]}`
	author = writer + `,{apiGroups: [external-secrets.io], resources: [secretstores], resourceNames: [vault], verbs: [use]}`
	owner  = author + `,{apiGroups: [""], resources: [secrets], verbs: [update]}`
)

type fixture struct {
	*framework.Tenant
	writer, author, owner framework.Kubectl
}

// newFixture is a tenant with somebody who may write ExternalSecrets, one who may use the store "vault" in them too, and one
// who may update Secrets beside that.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{Tenant: env.Tenant(t)}
	for user, rules := range map[string]string{"writer": writer, "author": author, "owner": owner} {
		f.Kubectl.Apply(fmt.Sprintf(`
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: %[1]s}
rules: [%[2]s]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: %[1]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: %[1]s}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: %[1]s}]
`, user, rules))
	}
	f.writer, f.author, f.owner = f.Kubectl.As("writer"), f.Kubectl.As("author"), f.Kubectl.As("owner")
	f.Kubectl.Run("create", "secret", "generic", "theirs", "--from-literal=own=kept")
	return f
}

func app(target, policy string) string {
	return fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: app}
spec:
  secretStoreRef: {name: vault}
  target: {name: %s, creationPolicy: %s}
  data: [{secretKey: password, remoteRef: {key: my-app, property: db_pass}}]
`, target, policy)
}

// awaits waits for a Ready condition whose message holds a text.
func (f *fixture) awaits(t *testing.T, status corev1.ConditionStatus, message string) {
	t.Helper()
	framework.Eventually(t, "the ExternalSecret says "+message, func(context.Context) error {
		for _, c := range f.Stored(t, "app").Status.Conditions {
			if c.Type == v1.ExternalSecretReady && c.Status == status && strings.Contains(ptr.Deref(c.Message, ""), message) {
				return nil
			}
		}
		return fmt.Errorf("its status is %+v", f.Stored(t, "app").Status)
	})
}

func (f *fixture) data(t *testing.T, name string) map[string]string {
	t.Helper()
	secret, err := env.Host(t).CoreV1().Secrets(f.Namespace).Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	texts := map[string]string{}
	for key, value := range secret.Data {
		texts[key] = string(value)
	}
	return texts
}

func (f *fixture) refresh(as framework.Kubectl) string {
	path := "/apis/external-secrets.io/v1/namespaces/" + f.Namespace + "/externalsecrets/app/refresh"
	return as.Input(`{"apiVersion":"external-secrets.io/v1","kind":"ExternalSecretRefresh"}`, "create", "--raw", path, "-f", "-")
}

var (
	kept  = map[string]string{"own": "kept"}
	taken = map[string]string{"password": framework.FirstPassword}
)

// Somebody's Secret is refused at admission to whoever may not update it.
func TestASecretThatStands(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, args := range [][]string{
		{"create", "-f", "-"}, {"apply", "-f", "-"}, {"apply", "--server-side", "-f", "-"}, {"create", "--dry-run=server", "-f", "-"},
	} {
		for _, policy := range []string{"Owner", "Merge"} {
			refused := f.author.Fails(app("theirs", policy), args...)
			for _, part := range []string{"Forbidden", "spec.target.name", `secrets "theirs" is forbidden`, `user "author" cannot update resource "secrets"`} {
				require.Contains(t, refused, part, args)
			}
		}
	}
	f.author.Apply(app("theirs", "None"))
	require.Nil(t, f.Stored(t, "app").Status.TakeoverGeneration)
	require.Contains(t, f.author.Fails(app("theirs", "Owner"), "apply", "-f", "-"), "spec.target.name")
	require.Equal(t, kept, f.data(t, "theirs"))

	f.owner.Apply(app("theirs", "Owner"))
	framework.Eventually(t, "the Secret is taken over", func(context.Context) error {
		if data := f.data(t, "theirs"); !maps.Equal(data, taken) {
			return fmt.Errorf("it holds %v", data)
		}
		return nil
	})
	require.Equal(t, f.Stored(t, "app").Generation, *f.Stored(t, "app").Status.TakeoverGeneration)

	// It is managed now, and its author may go on changing how.
	f.author.Apply(app("theirs", "Owner") + "  refreshInterval: 5m\n")
	require.Nil(t, f.Stored(t, "app").Status.TakeoverGeneration)
	f.awaits(t, corev1.ConditionTrue, "secret synced")
}

// A Secret that comes after its ExternalSecret is left alone until somebody with the right says otherwise.
func TestASecretThatComesLater(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.author.Apply(app("later", "Merge"))
	f.awaits(t, corev1.ConditionTrue, "secret will not be created due to CreationPolicy=Merge")
	f.Kubectl.Run("create", "secret", "generic", "later", "--from-literal=own=kept")
	f.awaits(t, corev1.ConditionFalse, "by somebody who may update the Secret")
	require.Contains(t, f.author.Fails("", "get", "externalsecret", "app", "--subresource=secret"), "no ExternalSecret manages it")

	f.author.Run("patch", "externalsecret", "app", "--subresource=status", "--type=merge", "-p", `{"status":{"takeoverGeneration":1}}`)
	require.Nil(t, f.Stored(t, "app").Status.TakeoverGeneration, "no status that is written says what an author may do")
	require.Contains(t, f.refresh(f.author), "may not update it")
	f.owner.Run("annotate", "externalsecret", "app", "touched=yes")
	require.Nil(t, f.Stored(t, "app").Status.TakeoverGeneration, "who touches an object does not answer for its spec")
	require.Equal(t, kept, f.data(t, "later"))

	f.owner.Run("patch", "externalsecret", "app", "--dry-run=server", "--type=merge", "-p", `{"spec":{"refreshInterval":"5m"}}`)
	require.Nil(t, f.Stored(t, "app").Status.TakeoverGeneration, "a dry run stores nothing")

	require.Contains(t, f.refresh(f.owner), "secret synced")
	require.Equal(t, map[string]string{"own": "kept", "password": framework.FirstPassword}, f.data(t, "later"))
	require.Equal(t, int64(1), *f.Stored(t, "app").Status.TakeoverGeneration)
}
