package snapshot

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// A restored store holds what was saved, goes on far ahead of what any client has seen, and has no id.
func TestRestore(t *testing.T) {
	e := startEtcd(t, t.TempDir())
	at := e.put(t, idKey, objects+"a/one", objects+"a/two")
	path := e.save(t)
	later := e.put(t, objects+"a/three")

	dir := filepath.Join(t.TempDir(), "data")
	restored, err := Restore(t.Context(), path, dir, layout, DefaultBump)
	require.NoError(t, err)
	require.GreaterOrEqual(t, restored.Revision, at+DefaultBump)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing is there but the store")

	r := startEtcd(t, dir)
	found, err := r.Get(t.Context(), prefix, clientv3.WithPrefix())
	require.NoError(t, err)
	var keys []string
	for _, kv := range found.Kvs {
		keys = append(keys, string(kv.Key))
	}
	require.Equal(t, []string{objects + "a/one", objects + "a/two"}, keys)
	require.EqualValues(t, 2, found.Kvs[0].ModRevision-1, "objects have the revisions that they had")

	for _, from := range []int64{at, later, DefaultBump} {
		answer := <-r.Watch(t.Context(), prefix, clientv3.WithPrefix(), clientv3.WithRev(from+1))
		require.ErrorIs(t, answer.Err(), rpctypes.ErrCompacted, "a watch from %d is told to begin anew", from)
	}
	require.Greater(t, r.put(t, objects+"a/four"), restored.Revision)

	info, err := Inspect(r.save(t), layout)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"externalsecrets": 3, "secretstores": 0}, info.Objects)
	require.Equal(t, 3, info.Keys)
}

func TestRestoreRefusesWhatIsInUse(t *testing.T) {
	e := startEtcd(t, t.TempDir())
	e.put(t, objects+"a/one")
	path := e.save(t)

	_, err := Restore(t.Context(), path, e.dir, layout, DefaultBump)
	require.ErrorIs(t, err, ErrInUse)

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "identity"), nil, 0o600))
	_, err = Restore(t.Context(), path, dir, layout, DefaultBump)
	require.ErrorContains(t, err, filepath.Join(dir, "identity"))
	require.ErrorContains(t, err, "move away what is there")

	volume := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(volume, "lost+found"), 0o700))
	_, err = Restore(t.Context(), path, volume, layout, DefaultBump)
	require.NoError(t, err)
}
