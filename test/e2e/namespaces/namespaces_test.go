package namespaces

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const serverUser = "system:serviceaccount:external-secrets:external-secrets-apiserver"

// may asks kubectl whether the server may do something: "get secrets -n team-a".
func may(t *testing.T, question string) bool {
	t.Helper()
	args := append([]string{"auth", "can-i", "--as=" + serverUser}, strings.Fields(question)...)
	// Its exit code says no as well.
	answer, stderr, err := env.Kubectl(t).Do("", args...)
	require.Contains(t, []string{"yes", "no"}, strings.TrimSpace(answer), "%s: %v: %s", question, err, stderr)
	return strings.TrimSpace(answer) == "yes"
}

func TestRights(t *testing.T) {
	t.Parallel()
	for _, resource := range []string{"secrets", "configmaps", "serviceaccounts"} {
		for _, verb := range []string{"get", "list", "watch"} {
			require.True(t, may(t, verb+" "+resource+" -n "+teamA))
			for _, elsewhere := range []string{"-A", "-n default", "-n kube-system", "-n external-secrets"} {
				require.False(t, may(t, verb+" "+resource+" "+elsewhere), "%s %s %s", verb, resource, elsewhere)
			}
		}
	}
	for _, right := range []string{"create secrets", "update secrets", "delete secrets", "create serviceaccounts --subresource=token", "create events"} {
		require.True(t, may(t, right+" -n "+teamB), right)
		require.False(t, may(t, right+" -n default"), right)
	}
	require.True(t, may(t, "watch configmaps/external-secrets-apiserver-store -n external-secrets"))
}

// app is an ExternalSecret that takes the database password of the item my-app from a store, with more below spec.
func app(name, store, more string) string {
	return fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %s}
spec:
  secretStoreRef: %s
  data: [{secretKey: password, remoteRef: {key: my-app, property: db_pass}}]
%s`, name, store, more)
}

const (
	ownStore = "{name: vault}"
	shared   = "{kind: ClusterSecretStore, name: shared}"
)

// clusterStore is a ClusterSecretStore at a tenant's provider, with its credential.
func clusterStore(name string, f *framework.Tenant) string {
	return fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: %s}
spec:
  provider:
    onepassword:
      connectHost: %s
      vaults: {pitower: 1}
      auth: {secretRef: {connectTokenSecretRef: {name: token, key: token, namespace: %s}}}
`, name, f.Connect.URL(), f.Namespace)
}

// condition waits until the Ready condition of an object has a status and a message with a text.
func condition(t *testing.T, k framework.Kubectl, object, status, text string) {
	t.Helper()
	framework.Eventually(t, fmt.Sprintf("%s is Ready=%s: %s", object, status, text), func(context.Context) error {
		const path = `jsonpath={.status.conditions[?(@.type=="Ready")]['status','message']}`
		is, _, err := k.Do("", "get", object, "-o", path)
		if err == nil && (!strings.HasPrefix(is, status) || !strings.Contains(is, text)) {
			err = errors.New(is)
		}
		return err
	})
}

// holds waits until the Secret app of a namespace has the password.
func holds(t *testing.T, namespace string) {
	t.Helper()
	framework.Eventually(t, "the Secret of "+namespace+" is written", func(ctx context.Context) error {
		found, err := env.Host(t).CoreV1().Secrets(namespace).Get(ctx, "app", metav1.GetOptions{})
		if err == nil && string(found.Data["password"]) != framework.FirstPassword {
			err = errors.New("it has other content")
		}
		return err
	})
}

// TestSomeNamespacesAlone has ExternalSecrets in namespaces of the server's and elsewhere.
func TestSomeNamespacesAlone(t *testing.T) {
	t.Parallel()
	here, elsewhere := env.TenantIn(t, teamA), env.Tenant(t)
	other := here.Kubectl.In(teamB)
	here.Kubectl.Apply(app("app", ownStore, "") + "---" + clusterStore("shared", here) + "---" + clusterStore("unreadable", elsewhere))
	other.Apply(app("app", shared, ""))
	holds(t, teamA)
	holds(t, teamB)
	condition(t, here.Kubectl, "clustersecretstore/shared", "True", "store validated")

	t.Run("credentials elsewhere", func(t *testing.T) {
		outside := fmt.Sprintf("Secret %s/token is not read: namespace %[1]s is not one of --watch-namespaces", elsewhere.Namespace)
		condition(t, here.Kubectl, "clustersecretstore/unreadable", "False", outside)
		condition(t, elsewhere.Kubectl, "secretstore/vault", "False", outside)
		here.Kubectl.Apply(app("refused", "{kind: ClusterSecretStore, name: unreadable}", ""))
		condition(t, here.Kubectl, "externalsecret/refused", "False", outside)
		require.Zero(t, elsewhere.Connect.Requests.Total(), "its provider is not asked")
	})
	t.Run("ExternalSecrets elsewhere", func(t *testing.T) {
		_, warned, err := elsewhere.Kubectl.Do(app("app", shared, ""), "apply", "-f", "-")
		require.NoError(t, err)
		require.Contains(t, warned, "Warning: no Secret is written: namespace "+elsewhere.Namespace)
		elsewhere.Kubectl.Apply(app("virtual", shared, "  target: {creationPolicy: None}"))
		notKept := fmt.Sprintf("could not update secret: namespace %s is not one of --watch-namespaces", elsewhere.Namespace)
		condition(t, elsewhere.Kubectl, "externalsecret/app", "False", notKept)
		condition(t, elsewhere.Kubectl, "externalsecret/virtual", "True", "secret synced")
		require.Equal(t, framework.FirstPassword, elsewhere.Kubectl.Run("get", "externalsecret", "app", "--subresource=secret",
			"-o", `go-template={{.data.password | base64decode}}`), "it is read live all the same")
		state := elsewhere.Kubectl.Run("get", "externalsecret", "app", "-o", "jsonpath={.status.live.state}")
		require.Equal(t, "Unknown", state, "whether there is a Secret is not known")
		_, err = env.Host(t).CoreV1().Secrets(elsewhere.Namespace).Get(t.Context(), "app", metav1.GetOptions{})
		require.True(t, apierrors.IsNotFound(err), "%v", err)
	})
}

// TestARightThatIsMissing takes the server's right to read in one of its namespaces away, and gives it back.
func TestARightThatIsMissing(t *testing.T) {
	t.Parallel()
	const reader = "external-secrets-apiserver:reader"
	bindings := env.Host(t).RbacV1().RoleBindings(teamC)
	binding, err := bindings.Get(t.Context(), reader, metav1.GetOptions{})
	require.NoError(t, err)
	require.NoError(t, bindings.Delete(t.Context(), reader, metav1.DeleteOptions{}))
	framework.Eventually(t, "the right is gone", func(context.Context) error {
		if may(t, "get secrets -n "+teamC) {
			return errors.New("it is there")
		}
		return nil
	})
	f := env.TenantIn(t, teamC)
	f.Kubectl.Apply(clusterStore("refused", f))
	const refused = "reading Secret team-c/token: the host cluster does not allow it: missing rights (get)"
	condition(t, f.Kubectl, "clustersecretstore/refused", "False", refused)
	condition(t, f.Kubectl, "secretstore/vault", "False", refused)

	binding.ResourceVersion, binding.UID = "", ""
	_, err = bindings.Create(t.Context(), binding, metav1.CreateOptions{})
	require.NoError(t, err)
	condition(t, f.Kubectl, "clustersecretstore/refused", "True", "store validated")
	f.Kubectl.Apply(app("app", ownStore, ""))
	holds(t, teamC)
}

// TestANamespaceThatComesLater was named at the start, when it did not exist.
func TestANamespaceThatComesLater(t *testing.T) {
	t.Parallel()
	k := env.Kubectl(t)
	k.Run("create", "namespace", later)
	for _, piece := range []string{"reader", "materializer"} {
		name := "external-secrets-apiserver:" + piece
		k.In(later).Run("create", "rolebinding", name, "--clusterrole="+name, "--serviceaccount=external-secrets:external-secrets-apiserver")
	}
	f := env.TenantIn(t, later)
	f.Kubectl.Apply(app("app", ownStore, ""))
	holds(t, later)
	condition(t, f.Kubectl, "externalsecret/app", "True", "secret synced")
	// The watch is taken up after half a minute at most: from then on it is known what stands.
	framework.Eventually(t, "the Secret is seen", func(context.Context) error {
		state, _, err := f.Kubectl.Do("", "get", "externalsecret", "app", "-o", "jsonpath={.status.live.state}")
		if err == nil && state != "InSync" {
			err = errors.New(state)
		}
		return err
	})
}

// TestTheRecordIsKept deletes the record of the store, which is in a namespace that the server sees nothing else of.
func TestTheRecordIsKept(t *testing.T) {
	t.Parallel()
	const namespace, name = "external-secrets", "external-secrets-apiserver-store"
	records := env.Host(t).CoreV1().ConfigMaps(namespace)
	before, err := records.Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	require.NoError(t, records.Delete(t.Context(), name, metav1.DeleteOptions{}))
	framework.Eventually(t, "the record is written anew", func(ctx context.Context) error {
		var after *corev1.ConfigMap
		after, err := records.Get(ctx, name, metav1.GetOptions{})
		if err == nil && after.UID == before.UID {
			err = errors.New("it is the one that was deleted")
		}
		return err
	})
}
