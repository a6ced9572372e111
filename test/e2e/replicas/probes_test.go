package replicas

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// What the manifests have the kubelet ask.
const (
	readiness = "/readyz?exclude=fence"
	liveness  = "/livez?exclude=etcd"
)

// TestProbes: a provider that hangs is no reason to send requests elsewhere or to start anew. A store that does not answer is one to
// send requests elsewhere, and not to start anew.
func TestProbes(t *testing.T) {
	a := newApp(t, 5)
	since := a.now(t)
	a.Connect.Faults.Add(harness.Fault{Kind: harness.Hang})
	client := a.direct(t, env.Replicas.Servers[0])
	require.Error(t, liveState(t.Context(), client, a.name(0)), "the provider hangs")
	require.NoError(t, probes(t, http.StatusOK))
	a.Connect.Faults.Clear()

	etcd := env.Replicas.Etcd
	require.NoError(t, etcd.Kill(0))
	require.NoError(t, etcd.Kill(1))
	t.Cleanup(func() {
		require.NoError(t, etcd.Start(context.WithoutCancel(t.Context()), 0))
		require.NoError(t, etcd.Start(context.WithoutCancel(t.Context()), 1))
	})
	awaitProbes(t, http.StatusInternalServerError)
	require.NoError(t, etcd.Start(t.Context(), 0))
	require.NoError(t, etcd.Start(t.Context(), 1))
	awaitProbes(t, http.StatusOK)
	a.writtenOnce(t, since, 0)
	a.SetPassword("second")
	a.awaitAll(t, "second")
	a.writtenOnce(t, since, 1)
}

// probes is an error where a replica is not alive, or its readiness is not answered with ready.
func probes(t *testing.T, ready int) error {
	t.Helper()
	for i, s := range env.Replicas.Servers {
		if status, answer := s.Fetch(t, liveness); status != http.StatusOK {
			return fmt.Errorf("replica %d is not alive: %s", i, answer)
		}
		if status, answer := s.Fetch(t, readiness); status != ready {
			return fmt.Errorf("replica %d answers %d: %s", i, status, answer)
		}
	}
	return nil
}

func awaitProbes(t *testing.T, ready int) {
	t.Helper()
	framework.Eventually(t, "all replicas say what they should", func(context.Context) error { return probes(t, ready) })
}
