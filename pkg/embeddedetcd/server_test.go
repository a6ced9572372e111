package embeddedetcd_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/live-secrets/external-secrets-apiserver/pkg/embeddedetcd"
)

func put(t *testing.T, endpoint, key, val string) {
	t.Helper()
	client := dial(t, endpoint)
	_, err := client.Put(t.Context(), key, val)
	require.NoError(t, err)
}

func dial(t *testing.T, endpoint string) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: 10 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestDataOutlivesARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	server, err := embeddedetcd.Start(t.Context(), dir)
	require.NoError(t, err)
	put(t, server.Endpoint(), "a", "1")
	server.Close()

	// What a killed process leaves behind does not keep the next one from listening.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "etcd.sock"), nil, 0o600))
	server, err = embeddedetcd.Start(t.Context(), dir)
	require.NoError(t, err)
	defer server.Close()
	got, err := dial(t, server.Endpoint()).Get(t.Context(), "a")
	require.NoError(t, err)
	require.Len(t, got.Kvs, 1)
	require.Equal(t, "1", string(got.Kvs[0].Value))
}

// What was compacted is no burden any more after a restart.
func TestAnEmptyDatabaseShrinks(t *testing.T) {
	dir := t.TempDir()
	size := func() int64 {
		info, err := os.Stat(filepath.Join(dir, "etcd", "member", "snap", "db"))
		require.NoError(t, err)
		return info.Size()
	}
	server, err := embeddedetcd.Start(t.Context(), dir)
	require.NoError(t, err)
	client := dial(t, server.Endpoint())
	var revision int64
	for range 60 {
		written, err := client.Put(t.Context(), "a", strings.Repeat("x", 1<<20))
		require.NoError(t, err)
		revision = written.Header.Revision
	}
	_, err = client.Compact(t.Context(), revision, clientv3.WithCompactPhysical())
	require.NoError(t, err)
	server.Close()
	require.Greater(t, size(), int64(48<<20))

	server, err = embeddedetcd.Start(t.Context(), dir)
	require.NoError(t, err)
	defer server.Close()
	require.Less(t, size(), int64(16<<20))
	got, err := dial(t, server.Endpoint()).Get(t.Context(), "a")
	require.NoError(t, err)
	require.Len(t, got.Kvs, 1)
}

func TestOnlyTheOwnerEnters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	server, err := embeddedetcd.Start(t.Context(), dir)
	require.NoError(t, err)
	defer server.Close()
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestLongPathsGetAShortSocket(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	server, err := embeddedetcd.Start(t.Context(), dir)
	require.NoError(t, err)
	put(t, server.Endpoint(), "a", "1")
	socket := strings.TrimPrefix(server.Endpoint(), "unix://")
	require.Less(t, len(socket), 108)
	found, err := embeddedetcd.Find(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, server.Endpoint(), found)
	server.Close()
	require.NoFileExists(t, filepath.Join(dir, "etcd.sock"))
	require.NoDirExists(t, filepath.Dir(socket), "the directory of the socket goes with the server")
}

func TestFind(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	_, err := embeddedetcd.Find(t.Context(), dir)
	require.ErrorIs(t, err, embeddedetcd.ErrNotRunning)
	server, err := embeddedetcd.Start(t.Context(), dir)
	require.NoError(t, err)
	found, err := embeddedetcd.Find(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, server.Endpoint(), found)
	server.Close()
	_, err = embeddedetcd.Find(t.Context(), dir)
	require.ErrorIs(t, err, embeddedetcd.ErrNotRunning)
	// What a killed process leaves behind is no server.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "etcd.sock"), nil, 0o600))
	_, err = embeddedetcd.Find(t.Context(), dir)
	require.ErrorIs(t, err, embeddedetcd.ErrNotRunning)
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := embeddedetcd.Start(t.Context(), dir)
	require.NoError(t, err)
	defer first.Close()

	// A second process would wait for the lock on the database: a data directory that cannot be used at all says so.
	blocked := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(blocked, nil, 0o600))
	_, err = embeddedetcd.Start(t.Context(), filepath.Join(blocked, "data"))
	require.ErrorContains(t, err, "make the data directory")

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = embeddedetcd.Start(cancelled, filepath.Join(t.TempDir(), "data"))
	require.ErrorIs(t, err, context.Canceled)
}
