package backup

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The server takes snapshots by itself, which hold no values, and tells when.
func TestScheduledSnapshots(t *testing.T) {
	newTenant(t).App(t, "db")
	dir := filepath.Join(t.TempDir(), "snapshots")
	began := time.Now()
	env.Server.Restart(t, "--snapshot-dir="+dir)
	metric(t, "external_secrets_snapshot_last_success_timestamp_seconds", func(v float64) bool { return v >= float64(began.Unix()) })
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)

	info := status(t, files[0])
	require.Equal(t, storeID(t), info.StoreID)
	require.Contains(t, filepath.Base(files[0]), info.StoreID)
	require.Positive(t, info.Objects["externalsecrets"])
	requireNoValues(t, files[0])
	file, err := os.Stat(files[0])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), file.Mode().Perm())
	metric(t, "external_secrets_snapshot_last_size_bytes", func(v float64) bool { return v == float64(info.Size) })
	metric(t, "external_secrets_snapshot_failures_total", func(v float64) bool { return v == 0 })
	table := string(run(t, "status", files[0]))
	require.Contains(t, table, "verified, "+info.SHA256)
	require.Contains(t, table, info.StoreID)

	// Where none can be taken the server serves all the same.
	env.Server.Restart(t, "--snapshot-dir="+filepath.Join(files[0], "no directory"))
	metric(t, "external_secrets_snapshot_failures_total", func(v float64) bool { return v == 1 })
	require.Contains(t, env.Server.Log(t), "A scheduled snapshot failed")
}

func TestTheCommandsSayWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	require.Contains(t, fails(t, "save", filepath.Join(dir, "a"), "--data-dir="+dir), "no server runs on this data directory")
	require.Contains(t, fails(t, "save", filepath.Join(dir, "none", "a"), "--data-dir="+env.Server.DataDir()), "no such file or directory")
	require.Contains(t, fails(t, "save"), "accepts 1 arg(s)")
	require.Contains(t, fails(t, "status", env.Binary()), "cut short, damaged, or no snapshot of etcd")
	require.Contains(t, fails(t, "restore", env.Binary(), "--data-dir="+filepath.Join(dir, "new")), "cut short, damaged, or no snapshot of etcd")
	require.Contains(t, fails(t, "status", save(t), "-o", "xml"), "--output must be table or json")

	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// On a disk that takes no more the command fails, and leaves nothing.
func TestADiskThatIsFull(t *testing.T) {
	dir := t.TempDir()
	// A limit of the kernel on the size of files stands in for the disk.
	limited := exec.CommandContext(t.Context(), "bash", "-c", `ulimit -f 16; exec "$@"`, "bash",
		env.Binary(), "snapshot", "save", filepath.Join(dir, "store.db"), "--data-dir="+env.Server.DataDir())
	said, err := limited.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(said), "file too large")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// To standard output goes what would be in a file, and it can be restored from standard input: there may be nothing else to
// get it out of a container by, and in again.
func TestSaveAndRestoreThroughPipes(t *testing.T) {
	dir := t.TempDir()
	saved := run(t, "save", "-", "--data-dir="+env.Server.DataDir())
	file := filepath.Join(dir, "store.db")
	require.NoError(t, os.WriteFile(file, saved, 0o600))
	require.Equal(t, storeID(t), status(t, file).StoreID)

	data := filepath.Join(dir, "data")
	restore := exec.CommandContext(t.Context(), env.Binary(), "snapshot", "restore", "-", "--data-dir="+data)
	restore.Stdin = bytes.NewReader(saved)
	said, err := restore.CombinedOutput()
	require.NoError(t, err, string(said))
	left, err := os.ReadDir(data)
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing is there but the store")
}

// An external etcd is asked over TLS. This one is the control plane's own: what is in it is nothing of ours.
func TestSaveFromAnExternalEtcd(t *testing.T) {
	url, files := env.ControlPlane.Etcd()
	file := filepath.Join(t.TempDir(), "store.db")
	args := []string{"save", file, "--etcd-servers=" + url, "--etcd-cafile=" + files.CA}
	require.True(t, strings.HasPrefix(url, "https://"))
	require.Contains(t, fails(t, args...), "etcd at "+url+" does not answer")
	run(t, append(args, "--etcd-certfile="+files.Cert, "--etcd-keyfile="+files.Key)...)
	info := status(t, file)
	require.Greater(t, info.Keys, 50)
	require.Empty(t, info.StoreID)
	require.Zero(t, info.Objects["externalsecrets"])
}
