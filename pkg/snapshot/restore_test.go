package snapshot

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/live-secrets/external-secrets-apiserver/pkg/embeddedetcd"
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

// A store that has reached its quota is saved and restored as any other.
func TestRestoreOfAFullStore(t *testing.T) {
	e := startEtcd(t, t.TempDir(), embeddedetcd.Quota(2<<20))
	e.put(t, idKey)
	require.Eventually(t, func() bool {
		_, err := e.Put(t.Context(), objects+"a/large", strings.Repeat("x", 100<<10))
		return errors.Is(err, rpctypes.ErrNoSpace)
	}, time.Minute, time.Millisecond)
	dir := filepath.Join(t.TempDir(), "data")
	_, err := Restore(t.Context(), e.save(t), dir, layout, DefaultBump)
	require.NoError(t, err)
	r := startEtcd(t, dir)
	found, err := r.Get(t.Context(), prefix, clientv3.WithPrefix())
	require.NoError(t, err)
	require.Len(t, found.Kvs, 1, "the large object, and no id")
}

// What comes through a pipe and breaks off leaves nothing behind.
func TestSpool(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	_, _, err := Spool(iotest.ErrReader(io.ErrUnexpectedEOF), dir)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)

	file, remove, err := Spool(strings.NewReader("a snapshot"), dir)
	require.NoError(t, err)
	require.NoError(t, isVacant(t.Context(), dir), "what is to be restored is not in its own way")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "a snapshot", string(content))
	require.NoError(t, remove())
	require.NoFileExists(t, file)
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
