package materialize

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	hostsecret "github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

func TestOwner(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", "  target: {name: written}\n"))
	written := f.holds(t, "written", "password", framework.FirstPassword)
	f.Kubectl.Run("wait", "--for=condition=Ready", "externalsecret/db", "--timeout=60s")
	require.True(t, hostsecret.Intact(written))
	require.Equal(t, hostsecret.CreatedBy(f.Namespace, "db"), written.Labels[hostsecret.LabelCreatedBy])
	owner := metav1.GetControllerOf(written)
	require.NotNil(t, owner)
	require.Equal(t, f.Stored(t, "db").UID, owner.UID)
	require.Equal(t, "written", ptr.Deref(f.Stored(t, "db").Status.Binding.Name, ""))

	f.Kubectl.Run("delete", "secret", "written")
	again := f.holds(t, "written", "password", framework.FirstPassword)
	require.NotEqual(t, written.UID, again.UID, "a Secret that was deleted is written again")

	// The hash of what was tampered with does not make it any better.
	forged := hostsecret.DataHash(map[string][]byte{"password": []byte("tampered"), "extra": []byte("x")})
	f.Kubectl.Run("patch", "secret", "written", "-p", fmt.Sprintf(
		`{"metadata":{"annotations":{%q:%q}},"stringData":{"password":"tampered","extra":"x"}}`, hostsecret.AnnotationDataHash, forged))
	f.holds(t, "written", "password", framework.FirstPassword)
	framework.Eventually(t, "what was added is taken away", func(context.Context) error {
		if secret, err := f.secret(t, "written"); err != nil || len(secret.Data) != 1 || !hostsecret.Intact(secret) {
			return fmt.Errorf("%v: %d keys", err, len(secret.Data))
		}
		return nil
	})

	f.Kubectl.Apply(app("db", "  target: {name: renamed}\n"))
	f.holds(t, "renamed", "password", framework.FirstPassword)
	f.gone(t, "written")
	f.Kubectl.Run("delete", "externalsecret", "db")
	f.gone(t, "renamed")
}

func TestOrphan(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", "  target: {creationPolicy: Orphan}\n"))
	require.Empty(t, f.holds(t, "db", "password", framework.FirstPassword).OwnerReferences)
	f.synced(t, "db")
	f.Kubectl.Run("delete", "externalsecret", "db")
	f.Kubectl.Run("wait", "--for=delete", "externalsecret/db", "--timeout=60s")
	f.holds(t, "db", "password", framework.FirstPassword)
}

func TestMerge(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", "  target: {creationPolicy: Merge}\n"))
	f.ready(t, "db", corev1.ConditionTrue, "SecretMissing")
	_, err := f.secret(t, "db")
	require.Error(t, err, "a merge creates nothing")

	f.Kubectl.Run("create", "secret", "generic", "db", "--from-literal=other=kept", "--from-literal=password=old")
	merged := f.holds(t, "db", "password", framework.FirstPassword)
	require.Equal(t, "kept", string(merged.Data["other"]))
	require.Empty(t, merged.OwnerReferences)
	f.Kubectl.Run("delete", "externalsecret", "db")
	f.holds(t, "db", "other", "kept")
}

func TestNone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("db", "  target: {creationPolicy: None}\n"))
	f.synced(t, "db")
	_, err := f.secret(t, "db")
	require.Error(t, err)
	require.Nil(t, f.Stored(t, "db").Status.Binding)
}

func TestWhatIsNotOursIsLeft(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("first", "  target: {name: shared}\n"))
	f.holds(t, "shared", "password", framework.FirstPassword)
	f.Kubectl.Apply(app("second", "  target: {name: shared}\n"))
	condition := f.ready(t, "second", corev1.ConditionFalse, "SecretSyncedError")
	require.Contains(t, *condition.Message, "owned by another ExternalSecret")
}

// Secrets that the control plane or Helm acts on are left to whoever wrote them, whatever the policy.
func TestPrivilegedSecretsAreLeft(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	// The control plane deletes the token of a service account that is not there yet.
	framework.Eventually(t, "there is a service account", func(ctx context.Context) error {
		_, err := env.Host(t).CoreV1().ServiceAccounts(f.Namespace).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	for name, secret := range map[string]string{
		"release":  "type: helm.sh/release.v1",
		"release2": "type: helm.sh/release.v2",
		"joining":  "type: bootstrap.kubernetes.io/token",
		"minted":   "type: kubernetes.io/service-account-token",
	} {
		f.Kubectl.Apply(fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: %s, annotations: {kubernetes.io/service-account.name: default}}
stringData: {own: kept}
%s
`, name, secret))
		for _, policy := range []string{"Owner", "Orphan", "Merge", "CreateOrMerge"} {
			es := name + "-" + strings.ToLower(policy)
			f.Kubectl.Apply(app(es, fmt.Sprintf("  target: {name: %s, creationPolicy: %s}\n", name, policy)))
			condition := f.ready(t, es, corev1.ConditionFalse, "SecretSyncedError")
			require.Contains(t, *condition.Message, "never taken over", es)
		}
		left := f.holds(t, name, "own", "kept")
		require.NotContains(t, left.Data, "password", name)
		require.Empty(t, left.OwnerReferences, name)
		require.NotContains(t, left.Labels, hostsecret.LabelManaged, name)
	}
}

// Only a positive answer that a key is gone deletes, and only where the spec asks for it.
func TestDeletionPolicy(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Kubectl.Apply(app("deleted", "  target: {deletionPolicy: Delete}\n") + "---" + app("retained", ""))
	f.holds(t, "deleted", "password", framework.FirstPassword)
	f.holds(t, "retained", "password", framework.FirstPassword)

	f.Connect.DeleteItem("pitower", "my-app")
	f.gone(t, "deleted")
	f.ready(t, "deleted", corev1.ConditionTrue, "SecretDeleted")
	f.ready(t, "retained", corev1.ConditionFalse, "SecretSyncedError")
	f.holds(t, "retained", "password", framework.FirstPassword)
}
