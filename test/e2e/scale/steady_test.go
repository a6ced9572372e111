package scale

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

// A thousand ExternalSecrets need each item once, and the vault's version and list beside them; a folder, its list. Where that
// takes longer than a poll interval, there are polls too, and between two of them what was not there in time is asked for once
// more.
func TestFromNothing(t *testing.T) {
	vault, folder := both(t)
	require.LessOrEqual(t, total(vault.fromNothing), items+3+2*vault.polls, vault.fromNothing)
	require.GreaterOrEqual(t, total(vault.fromNothing), items, "each item is read")
	require.LessOrEqual(t, total(folder.fromNothing), 3+2*folder.polls, folder.fromNothing)
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

// As many polls and refreshes as fall into minutes of other clusters: polls each second, and ExternalSecrets that fall due
// every two. The server that restarts before that writes nothing either, and reads each item once more.
func TestManyRefreshesWriteNothing(t *testing.T) {
	vault, folder := both(t)
	const polls = 30
	small := fleet.Size{Secrets: 200, Stores: 1, Items: 50, Namespaces: 2}
	due, err := newCrowd("due", fleet.NewConnect(small), small, "2s")
	require.NoError(t, err)
	j := newJournal(t)
	for _, c := range []*crowd{vault, folder, due} {
		c.requests()
	}
	env.Server.Restart(t, "--poll-interval=1s")
	time.Sleep(polls * time.Second)

	require.LessOrEqual(t, total(vault.requests()), items+3+2*polls)
	require.LessOrEqual(t, total(folder.requests()), 3+2*polls)
	requests := due.requests()
	require.LessOrEqual(t, total(requests), small.Items+3+2*polls, requests)
	require.GreaterOrEqual(t, total(requests), polls/2, "it is polled")
	host, own := j.written()
	require.Empty(t, own, "writes to the server's etcd")
	// kube-apiserver notes that the server was away.
	_, others := split(host, "apiregistration.k8s.io/")
	records, others := split(others, recordKey)
	require.LessOrEqual(t, len(records), 1, "the server that starts may bring the record of its store up to date")
	require.Empty(t, others, "writes to the host")
}
