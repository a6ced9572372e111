package snapshot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apiserver/pkg/storage/storagebackend"
)

func TestInspectSaysWhatIsSaved(t *testing.T) {
	e := startEtcd(t, t.TempDir())
	e.put(t, idKey, objects+"a/one", objects+"a/two", objects+"b/one", prefix+"/external-secrets.io/secretstores/a/vault", "/elsewhere")
	e.put(t, objects+"a/one")
	deleted, err := e.Delete(t.Context(), objects+"a/two")
	require.NoError(t, err)

	path := filepath.Join(t.TempDir(), "store.db")
	saved, err := Save(t.Context(), e.config, path)
	require.NoError(t, err)
	file, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), file.Mode().Perm())
	require.Equal(t, file.Size(), saved.Size)

	info, err := Inspect(path, layout)
	require.NoError(t, err)
	require.Equal(t, Info{
		File: path, Taken: info.Taken, Size: saved.Size, SHA256: saved.SHA256, Hash: info.Hash, EtcdVersion: "3.7.0",
		Revision: deleted.Header.Revision, Keys: 5, StoreID: "value of " + idKey,
		Objects: map[string]int{"externalsecrets": 2, "secretstores": 1},
	}, info)
	require.NotZero(t, info.Hash)
	require.Equal(t, file.ModTime().Unix(), info.Taken.Unix())

	var streamed bytes.Buffer
	again, err := Stream(t.Context(), e.config, &streamed)
	require.NoError(t, err)
	require.EqualValues(t, streamed.Len(), again.Size)

	_, err = e.Delete(t.Context(), idKey)
	require.NoError(t, err)
	info, err = Inspect(e.save(t), layout)
	require.NoError(t, err)
	require.Empty(t, info.StoreID)
}

// A snapshot comes from the first member that answers, and where none does the error names them.
func TestSaveAsksTheNextMember(t *testing.T) {
	e := startEtcd(t, t.TempDir())
	silent := "unix://" + filepath.Join(t.TempDir(), "nobody")
	_, err := Stream(t.Context(), storagebackend.TransportConfig{ServerList: []string{silent, e.config.ServerList[0]}}, io.Discard)
	require.NoError(t, err)
	_, err = Stream(t.Context(), storagebackend.TransportConfig{ServerList: []string{silent}}, io.Discard)
	require.ErrorContains(t, err, "etcd at "+silent+" does not answer")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Stream(ended, e.config, io.Discard)
	require.Error(t, err)
}

// Whatever goes wrong, nothing is left of the new file, and the old one is as it was.
func TestAFailedSaveLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	for name, fill := range map[string]func(io.Writer) error{
		"the disk is full": func(w io.Writer) error {
			_, err := w.Write([]byte("half of it"))
			return errors.Join(err, syscall.ENOSPC)
		},
		"etcd stops sending": func(io.Writer) error { return io.ErrUnexpectedEOF },
		"the file is gone": func(w io.Writer) error {
			return os.Remove(w.(*os.File).Name())
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Error(t, writeFile(path, fill))
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, "old", string(content))
			files, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, files, 1)
		})
	}
	require.ErrorContains(t, writeFile(filepath.Join(dir, "none", "store.db"), nil), "make a file in")
	require.Error(t, writeFile(dir, func(io.Writer) error { return nil }), "a directory is not replaced")
}

func TestWhatIsNoSnapshotIsRefused(t *testing.T) {
	e := startEtcd(t, t.TempDir())
	e.put(t, objects+"a/one")
	whole, err := os.ReadFile(e.save(t))
	require.NoError(t, err)
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	database, err := os.ReadFile(filepath.Join(e.dir, "etcd", "member", "snap", "db"))
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		"cut short":              whole[:len(whole)-4096],
		"cut by the hash":        whole[:len(whole)-32],
		"cut by a byte":          whole[:len(whole)-1],
		"damaged":                flipped,
		"longer":                 append(bytes.Clone(whole), 0),
		"empty":                  nil,
		"a text":                 []byte("apiVersion: v1\n"),
		"etcd's own database":    database,
		"as short as a hash":     whole[:32],
		"the hash of nothing":    make([]byte, 544),
		"a hash without a store": hashed(t, make([]byte, 8192)),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			require.NoError(t, os.WriteFile(path, content, 0o600))
			_, err := Inspect(path, layout)
			require.ErrorContains(t, err, path)
			dir := filepath.Join(t.TempDir(), "data")
			_, err = Restore(t.Context(), path, dir, layout, DefaultBump)
			require.Error(t, err)
			left, err := os.ReadDir(dir)
			require.True(t, os.IsNotExist(err) || len(left) == 0, "nothing is left in the data directory")
		})
	}
	_, err = Inspect(filepath.Join(t.TempDir(), "absent"), layout)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Inspect(t.TempDir(), layout)
	require.ErrorContains(t, err, "read the snapshot")
}

// hashed is content with its hash behind it.
func hashed(t *testing.T, content []byte) []byte {
	t.Helper()
	var d digest
	_, err := d.Write(append(bytes.Clone(content), make([]byte, 32)...))
	require.NoError(t, err)
	return d.hash.Sum(content)
}
