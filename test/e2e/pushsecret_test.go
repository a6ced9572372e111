package e2e

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

const pushSecret = `
apiVersion: external-secrets.io/v1alpha1
kind: PushSecret
metadata: {name: pushed}
spec:
  secretStoreRefs: [{name: vault, kind: SecretStore}]
  selector: {secret: {name: source}}
  data: [{match: {secretKey: a, remoteRef: {remoteKey: b}}}]
`

// TestPushSecrets: whoever applies a kind that pushes secrets is told that this
// server does not, and the collectors of the cluster are not disturbed by it.
func TestPushSecrets(t *testing.T) {
	namespace := env.Namespace(t)
	k := env.Kubectl(t).In(namespace)
	require.Contains(t, k.Fails(pushSecret, "apply", "-f", "-"), `no matches for kind "PushSecret"`, "nobody has registered the version")

	const name = "v1alpha1.external-secrets.io"
	served, err := url.Parse(env.Server.URL())
	require.NoError(t, err)
	port, err := strconv.Atoi(served.Port())
	require.NoError(t, err)
	t.Cleanup(func() {
		_, _, err := env.ControlPlane.Kubectl(context.WithoutCancel(t.Context()), env.ControlPlane.AdminKubeconfig(), "delete", "apiservice", name)
		require.NoError(t, err)
	})
	require.NoError(t, env.ControlPlane.RegisterAPIService(t.Context(), controlplane.APIService{
		Group: v1.GroupName, Version: "v1alpha1", Namespace: "external-secrets", Service: "external-secrets-apiserver",
		Port: port, CABundle: env.ControlPlane.CA(),
	}))
	framework.Eventually(t, "kubectl finds the kind", func(context.Context) error {
		if _, stderr, _ := k.Do(pushSecret, "create", "-f", "-"); strings.Contains(stderr, "no matches for kind") {
			return errors.New(stderr)
		}
		return nil
	})
	const says = "external-secrets-apiserver reads secrets from providers and does not push them: there are no pushsecrets.external-secrets.io here"
	for _, args := range [][]string{
		{"create"}, {"apply"}, {"apply", "--server-side"}, {"apply", "--dry-run=server"}, {"create", "--validate=false"},
	} {
		require.Contains(t, k.Fails(pushSecret, append(args, "-f", "-")...), says, args)
	}
	k.Input(pushSecret, "delete", "--ignore-not-found", "-f", "-")
	require.NotContains(t, k.Run("api-resources", "--verbs=list", "-o", "name"), "pushsecrets")
	require.Contains(t, k.Run("api-resources", "--api-group="+v1.GroupName, "-o", "name"), "clusterpushsecrets."+v1.GroupName)

	// An ExternalSecret is still of the version v1 to who names none, and a namespace can be deleted.
	k.Apply(manifest("beside"))
	require.Equal(t, "external-secrets.io/v1", k.Run("get", "externalsecret", "beside", "-o", "jsonpath={.apiVersion}"))
	namespaces := env.Host(t).CoreV1().Namespaces()
	leaving, err := namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "leaving-"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	env.Kubectl(t).Run("delete", "namespace", leaving.Name, "--timeout=90s")
}
