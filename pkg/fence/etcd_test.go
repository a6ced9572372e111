package fence

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/live-secrets/external-secrets-apiserver/pkg/embeddedetcd"
)

func TestEtcdKeepsTheID(t *testing.T) {
	dir := t.TempDir()
	open := func(t *testing.T) (*Etcd, func()) {
		server, err := embeddedetcd.Start(t.Context(), dir, embeddedetcd.Quota(2<<20))
		require.NoError(t, err)
		store := NewEtcd(storagebackend.TransportConfig{ServerList: []string{server.Endpoint()}}, "/registry/external-secrets.io")
		return store, func() {
			store.Close()
			server.Close()
		}
	}
	store, closeAll := open(t)
	defer func() { closeAll() }()
	look := func(t *testing.T) (Identity, bool) {
		t.Helper()
		at, housekeeping, err := store.Look(t.Context())
		require.NoError(t, err)
		return at, housekeeping
	}
	put := func(t *testing.T, key string) {
		t.Helper()
		_, err := store.client.Put(t.Context(), key, "")
		require.NoError(t, err)
	}
	first, housekeeping := look(t)
	require.NotEmpty(t, first.ID)
	require.False(t, housekeeping)
	again, _ := look(t)
	require.Equal(t, first, again, "looking changes nothing")

	put(t, "/registry/external-secrets.io/object")
	changed, housekeeping := look(t)
	require.Equal(t, Identity{ID: first.ID, Revision: first.Revision + 1}, changed)
	require.False(t, housekeeping)

	put(t, compactionKey)
	compacted, housekeeping := look(t)
	require.Equal(t, first.Revision+2, compacted.Revision)
	require.True(t, housekeeping)

	listed, err := store.client.Get(t.Context(), "/registry/external-secrets.io/", clientv3.WithPrefix())
	require.NoError(t, err)
	require.EqualValues(t, 1, listed.Count, "the id is not among the objects")

	// An etcd that is full answers all the same.
	require.Eventually(t, func() bool {
		_, err := store.client.Put(t.Context(), "/elsewhere", strings.Repeat("x", 100<<10))
		return errors.Is(err, rpctypes.ErrNoSpace)
	}, time.Minute, time.Millisecond)
	full, _ := look(t)
	require.Equal(t, first.ID, full.ID)

	closeAll()
	store, closeAll = open(t)
	restarted, _ := look(t)
	require.Equal(t, first.ID, restarted.ID)
	require.GreaterOrEqual(t, restarted.Revision, compacted.Revision)
}
