package replicas

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

func others(s *framework.Server) (others []*framework.Server) {
	for _, other := range env.Replicas.Servers {
		if other != s {
			others = append(others, other)
		}
	}
	return others
}

// TestTheLeaderIsKilled has it killed in the middle of writing a change.
func TestTheLeaderIsKilled(t *testing.T) {
	a := newApp(t, 60)
	leader := env.Replicas.AwaitLeader(t)
	w := startWriter(t, a)
	r := startReaders(t, a)
	since := a.now(t)
	a.SetPassword("second")
	a.await(t, "second", 1)
	leader.Kill(t)
	gone := time.Now()
	r.progress(t)
	over := time.Now()
	a.awaitAll(t, "second")
	env.Replicas.AwaitLeader(t, others(leader)...)
	t.Logf("all was written %s after the leader was killed", time.Since(gone).Round(time.Millisecond))
	leader.Start(t)
	a.SetPassword("third")
	a.awaitAll(t, "third")
	w.progress(t)
	r.onlyInFlightFailed(t, gone, over)
	w.nothingLost(t)
	a.writtenOnce(t, since, 2)
}

func TestAReplicaIsKilled(t *testing.T) {
	a := newApp(t, 20)
	replica := others(env.Replicas.AwaitLeader(t))[0]
	w := startWriter(t, a)
	r := startReaders(t, a)
	since := a.now(t)
	a.SetPassword("second")
	replica.Kill(t)
	gone := time.Now()
	r.progress(t)
	over := time.Now()
	a.awaitAll(t, "second")
	replica.Start(t)
	w.progress(t)
	r.onlyInFlightFailed(t, gone, over)
	w.nothingLost(t)
	a.writtenOnce(t, since, 1)
}

// TestAMemberOfEtcdIsKilled has the leader of etcd killed.
func TestAMemberOfEtcdIsKilled(t *testing.T) {
	a := newApp(t, 20)
	w := startWriter(t, a)
	r := startReaders(t, a)
	since := a.now(t)
	a.SetPassword("second")
	member := etcdLeader(t)
	require.NoError(t, env.Replicas.Etcd.Kill(member))
	a.awaitAll(t, "second")
	r.progress(t)
	a.SetPassword("third")
	a.awaitAll(t, "third")
	require.NoError(t, env.Replicas.Etcd.Start(t.Context(), member))
	w.progress(t)
	r.noneFailed(t)
	w.nothingLost(t)
	a.writtenOnce(t, since, 2)
}

// etcdLeader is the member that leads.
func etcdLeader(t *testing.T) int {
	t.Helper()
	store, err := env.Replicas.Store()
	require.NoError(t, err)
	defer store.Close()
	for i, url := range env.Replicas.Etcd.URLs() {
		status, err := store.Status(t.Context(), url)
		require.NoError(t, err)
		if status.Leader == status.Header.MemberId {
			return i
		}
	}
	t.Fatal("no member leads")
	return 0
}

// TestRoll replaces every replica, one after the other.
func TestRoll(t *testing.T) {
	a := newApp(t, 20)
	w := startWriter(t, a)
	r := startReaders(t, a)
	since := a.now(t)
	for i, password := range []string{"second", "third", "fourth"} {
		a.SetPassword(password)
		replica := env.Replicas.Servers[i]
		drained := time.Now()
		replica.Drain(t)
		started := time.Now()
		replica.Start(t)
		t.Logf("drained in %s, ready %s after its start", started.Sub(drained).Round(time.Millisecond), time.Since(started).Round(time.Millisecond))
		a.awaitAll(t, password)
	}
	r.progress(t)
	w.progress(t)
	r.noneFailed(t)
	w.noneFailed(t)
	w.nothingLost(t)
	a.writtenOnce(t, since, 3)
}
