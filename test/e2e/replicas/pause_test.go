package replicas

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// TestAPausedLeader stops the leader in the middle of writing a change. Another takes over and finishes, and the value changes
// again. Then the first one goes on, with what it knew and had yet to do.
func TestAPausedLeader(t *testing.T) {
	const size = 150
	a := newApp(t, size)
	leader := env.Replicas.AwaitLeader(t)
	since := a.now(t)
	a.SetPassword("second")
	a.await(t, "second", 1)
	signal(t, leader, syscall.SIGSTOP)
	stopped := time.Now()
	t.Cleanup(func() { signal(t, leader, syscall.SIGCONT) })
	written, err := a.have(t.Context(), t, "second")
	require.NoError(t, err)
	require.Less(t, written, size, "it had something to do yet")

	env.Replicas.AwaitLeader(t, others(leader)...)
	a.awaitAll(t, "second")
	t.Logf("paused after %d of %d Secrets; the others were written %s later", written, size, time.Since(stopped).Round(time.Millisecond))
	a.SetPassword("third")
	a.awaitAll(t, "third")
	store, err := env.Replicas.Store()
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, store.Calm(t.Context(), 2*time.Second))

	lease, host, stored := theLease(t), a.now(t), revision(t, store)
	signal(t, leader, syscall.SIGCONT)
	framework.Eventually(t, "it has noticed", func(context.Context) error {
		if env.Replicas.Leader(t, leader) != nil {
			return errors.New("it says that it leads")
		}
		return nil
	})
	require.NoError(t, store.Calm(t.Context(), 5*time.Second))
	writes, err := store.Since(t.Context(), stored)
	require.NoError(t, err)
	require.Empty(t, writes, "nothing is written to the store")
	after := theLease(t)
	require.Equal(t, lease.Spec.HolderIdentity, after.Spec.HolderIdentity)
	require.Equal(t, lease.Spec.LeaseTransitions, after.Spec.LeaseTransitions)
	a.writtenOnce(t, host, 0)
	a.writtenOnce(t, since, 2)
}

func signal(t *testing.T, s *framework.Server, what syscall.Signal) {
	t.Helper()
	require.NoError(t, syscall.Kill(s.PID(), what))
}

func theLease(t *testing.T) *coordinationv1.Lease {
	t.Helper()
	lease, err := env.Host(t).CoordinationV1().Leases("external-secrets").Get(context.WithoutCancel(t.Context()),
		"external-secrets-apiserver", metav1.GetOptions{})
	require.NoError(t, err)
	return lease
}

func revision(t *testing.T, etcd framework.Etcd) int64 {
	t.Helper()
	at, err := etcd.Revision(t.Context())
	require.NoError(t, err)
	return at
}
