package framework

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
)

const (
	pollInterval = 100 * time.Millisecond
	// waitLimit is how long Eventually waits: far longer than anything takes, on a
	// machine that does much else at the same time. An informer of the host whose
	// server was away a few times comes back after up to a minute.
	waitLimit = 3 * time.Minute
)

// Eventually calls check until it returns nil, and fails the test with what check
// returned last when that takes too long.
func Eventually(t testing.TB, what string, check func(ctx context.Context) error) {
	t.Helper()
	EventuallyWithin(t, waitLimit, what, check)
}

// EventuallyWithin is Eventually for what takes its time by itself.
func EventuallyWithin(t testing.TB, limit time.Duration, what string, check func(ctx context.Context) error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), pollInterval, limit, true, func(ctx context.Context) (bool, error) {
		// What check itself was kept from by the end of ctx says nothing.
		if err := check(ctx); err == nil || ctx.Err() == nil {
			last = err
		}
		return last == nil, nil
	})
	require.NoError(t, err, "waiting until %s: %v", what, last)
}

// Host returns a client of the cluster's own kinds that may do everything.
func (e *Environment) Host(t testing.TB) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(e.ControlPlane.RESTConfig())
	require.NoError(t, err)
	return client
}

// Clientset returns a client of our kinds that may do everything. It goes through
// kube-apiserver.
func (e *Environment) Clientset(t testing.TB) versioned.Interface {
	t.Helper()
	client, err := versioned.NewForConfig(e.ControlPlane.RESTConfig())
	require.NoError(t, err)
	return client
}

// Dynamic returns a client of all kinds that may do everything: what it reads and
// writes passes through no Go type.
func (e *Environment) Dynamic(t testing.TB) dynamic.Interface {
	t.Helper()
	client, err := dynamic.NewForConfig(e.ControlPlane.RESTConfig())
	require.NoError(t, err)
	return client
}

// Namespace makes a namespace for the test, which is deleted after it; nobody
// waits until it is gone.
func (e *Environment) Namespace(t testing.TB) string {
	t.Helper()
	namespaces := e.Host(t).CoreV1().Namespaces()
	namespace, err := namespaces.Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() {
		err := namespaces.Delete(context.WithoutCancel(t.Context()), namespace.Name, metav1.DeleteOptions{})
		require.NoError(t, err)
	})
	return namespace.Name
}
