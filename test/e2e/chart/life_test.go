package chart

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// seedValues are those that people run External Secrets Operator with, word for word.
const seedValues = `
installCRDs: true
replicaCount: 1
leaderElect: true
grafana:
  enabled: true
serviceMonitor:
  enabled: true
  interval: 1m
`

// longestOutage of a lone replica, which is ended before its successor starts. It takes less than ten seconds; a machine that does
// much else at the same time is given more.
const longestOutage = 30 * time.Second

// refusals are what clients hear meanwhile: of kube-apiserver that nobody serves, and of the server that it is about to end.
var refusals = []string{string(metav1.StatusReasonServiceUnavailable), string(metav1.StatusReasonTooManyRequests)}

// One replica with its own etcd: installed with the seed's values, upgraded under a reader, uninstalled, installed again on the
// same volume.
func TestOneReplica(t *testing.T) {
	r := release{namespace: "security", values: seedValues}
	notes := r.install(t)
	require.Contains(t, notes, "installCRDs: the kinds are served by this server")
	require.Contains(t, notes, "There is no ServiceMonitor")
	f := env.Tenant(t)
	written := app(t, f, "db")

	reading := startReader(t, 0)
	r.values = seedValues + "podAnnotations: {example.com/version: \"2\"}\n"
	r.helm(t, "upgrade")
	require.NoError(t, env.ControlPlane.WaitForAPIService(t.Context(), apiService))
	reading.stop()
	t.Logf("upgrade: %d answers, %s without one, %v", reading.answered, reading.outage, reading.failures)
	require.Positive(t, reading.answered)
	require.Less(t, reading.outage, longestOutage)
	for reason := range reading.failures {
		said, _, _ := strings.Cut(reason, ":")
		require.Contains(t, refusals, said, reason)
	}

	// The garbage collector may not have seen the latest owners when the kinds go.
	var all []*corev1.Secret
	for i := range 10 {
		all = append(all, app(t, f, fmt.Sprintf("late-%d", i)))
	}
	all = append(all, written)
	r.uninstall(t)
	collectorWorks(t)
	for _, before := range all {
		after, err := env.Host(t).CoreV1().Secrets(f.Namespace).Get(t.Context(), before.Name, metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, before.UID, after.UID)
		require.Equal(t, before.Data, after.Data)
		require.Empty(t, after.OwnerReferences, "nobody's absence deletes it")
	}
	namespaceGoes(t, "afterwards")

	r.install(t)
	require.Equal(t, written.UID, belongs(t, f, "db").UID, "it was taken up again")
	r.uninstall(t)
	namespaceGoes(t, r.namespace)
}

// collectorWorks waits until the garbage collector has collected something whose owner is not there.
func collectorWorks(t *testing.T) {
	t.Helper()
	maps := env.Host(t).CoreV1().ConfigMaps("default")
	_, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name:            "orphan",
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "gone", UID: "none"}},
	}}, metav1.CreateOptions{})
	require.NoError(t, err)
	framework.Eventually(t, "an orphan is collected", func(ctx context.Context) error {
		return absent(maps.Get(ctx, "orphan", metav1.GetOptions{}))
	})
}

// namespaceGoes deletes a namespace, which is made where it is not there, and waits until it is gone.
func namespaceGoes(t *testing.T, name string) {
	t.Helper()
	namespaces := env.Host(t).CoreV1().Namespaces()
	_, err := namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	require.True(t, err == nil || apierrors.IsAlreadyExists(err), "%v", err)
	require.NoError(t, namespaces.Delete(t.Context(), name, metav1.DeleteOptions{}))
	framework.Eventually(t, "namespace "+name+" is gone", func(ctx context.Context) error {
		return absent(namespaces.Get(ctx, name, metav1.GetOptions{}))
	})
}

// absent is nil for an object that is not there.
func absent[T any](_ T, err error) error {
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return err
	default:
		return errors.New("it is there")
	}
}
