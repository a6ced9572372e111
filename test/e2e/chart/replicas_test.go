package chart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// retries are those that clients of Go make by themselves.
const retries = 10

// Two replicas on an etcd of one's own, which is known by certificates: upgraded under a reader, of whom no request fails.
func TestTwoReplicas(t *testing.T) {
	url, files := env.ControlPlane.Etcd()
	r := release{namespace: "replicated", values: fmt.Sprintf(`
replicaCount: 2
shutdownDelaySeconds: 5
etcd: {external: {endpoints: [%q], tls: {secretName: etcd-client}}}
`, url)}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "etcd-client"}, Data: map[string][]byte{}}
	var errs []error
	for key, file := range map[string]string{"ca.crt": files.CA, "tls.crt": files.Cert, "tls.key": files.Key} {
		var err error
		secret.Data[key], err = os.ReadFile(file)
		errs = append(errs, err)
	}
	require.NoError(t, errors.Join(errs...))
	_, err := env.Host(t).CoreV1().Namespaces().Create(t.Context(), r.restricted(), metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = env.Host(t).CoreV1().Secrets(r.namespace).Create(t.Context(), secret, metav1.CreateOptions{})
	require.NoError(t, err)
	r.install(t)
	f := env.Tenant(t)
	written := app(t, f, "db")

	reading := startReader(t, retries)
	for version := range 2 {
		before := pods(t, r.namespace)
		require.Len(t, before, 2)
		r := release{namespace: r.namespace, values: r.values + fmt.Sprintf("podAnnotations: {example.com/version: %q}\n", fmt.Sprint(version))}
		r.helm(t, "upgrade")
		// Helm is content when their successors are ready.
		framework.Eventually(t, "the replicas of before have ended", func(context.Context) error {
			after := pods(t, r.namespace)
			if len(after) != 2 || slices.ContainsFunc(before, func(uid types.UID) bool { return slices.Contains(after, uid) }) {
				return fmt.Errorf("there are %v, and were %v", after, before)
			}
			return nil
		})
	}
	reading.stop()
	t.Logf("upgrades: %d answers, %s without one, %v", reading.answered, reading.outage, reading.failures)
	require.Empty(t, reading.failures)
	require.Greater(t, reading.answered, 100)

	r.uninstall(t)
	after, err := env.Host(t).CoreV1().Secrets(f.Namespace).Get(t.Context(), "db", metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, written.UID, after.UID)
	require.Empty(t, after.OwnerReferences)
	namespaceGoes(t, r.namespace)
}

// pods are those of the server.
func pods(t *testing.T, namespace string) (uids []types.UID) {
	t.Helper()
	list, err := env.Host(t).CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=external-secrets-apiserver"})
	require.NoError(t, err)
	for i := range list.Items {
		uids = append(uids, list.Items[i].UID)
	}
	return uids
}
