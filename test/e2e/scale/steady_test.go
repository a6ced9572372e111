package scale

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

// A thousand ExternalSecrets need each item once, and the vault's version and list beside them.
func TestFromNothing(t *testing.T) {
	vault, folder := both(t)
	require.LessOrEqual(t, total(vault.fromNothing), items+3, vault.fromNothing)
	require.GreaterOrEqual(t, total(vault.fromNothing), items, "each item is read")
	require.LessOrEqual(t, total(folder.fromNothing), 3, folder.fromNothing)
}

func TestAMinuteInWhichNothingChanges(t *testing.T) {
	vault, folder := both(t)
	j := newJournal(t)
	vault.requests()
	folder.requests()
	time.Sleep(time.Minute)
	for _, c := range []*crowd{vault, folder} {
		requests := c.requests()
		require.LessOrEqual(t, total(requests), 8, "%s: %v", c.Name, requests)
		require.GreaterOrEqual(t, total(requests), 5, "%s is polled", c.Name)
	}
	host, own := j.written()
	require.Empty(t, host, "writes to the host")
	require.Empty(t, own, "writes to the server's etcd")
}

// Half an hour of polls and refreshes in one minute: polls each second, and ExternalSecrets that fall due every two. A server
// that restarts among them writes nothing either, and reads each item once more.
func TestManyRefreshesWriteNothing(t *testing.T) {
	vault, folder := both(t)
	const polls = 60
	small := fleet.Size{Secrets: 200, Stores: 1, Items: 50, Namespaces: 2}
	due, err := newCrowd("due", fleet.NewConnect(small), small, "2s")
	require.NoError(t, err)
	newJournal(t).calm()

	host, err := env.HostEtcd()
	require.NoError(t, err)
	t.Cleanup(func() { host.Close() })
	before, err := host.Revision(t.Context())
	require.NoError(t, err)
	for _, c := range []*crowd{vault, folder, due} {
		c.requests()
	}
	env.Server.Restart(t, "--poll-interval=1s")
	j := newJournal(t)
	time.Sleep(polls * time.Second)

	require.LessOrEqual(t, total(vault.requests()), items+3+2*polls)
	require.LessOrEqual(t, total(folder.requests()), 3+2*polls)
	requests := due.requests()
	require.LessOrEqual(t, total(requests), small.Items+3+2*polls, requests)
	require.GreaterOrEqual(t, total(requests), polls/2, "it is polled")
	_, own := j.written()
	require.Empty(t, own, "writes to the server's etcd")
	for _, key := range keysSince(t, host, before, "/registry/") {
		// The server that stopped took its endpoint with it, and kube-apiserver notes that.
		require.Contains(t, key, "apiregistration.k8s.io/", "writes to the host since before the restart")
	}
}
