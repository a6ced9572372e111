package secrecy

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// places are what is left behind by a server and its host, by where it is found.
type places map[string][]byte

// ofProcess gathers what a running server shows and has sent.
func (p places) ofProcess(t *testing.T, auditLog string) {
	t.Helper()
	status, text := env.Server.Fetch(t, "/metrics")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, string(text), "apiserver_request_total")
	p["/metrics"] = text
	p["the log"] = []byte(env.Server.Log(t))
	log, err := os.ReadFile(auditLog)
	require.NoError(t, err)
	require.Contains(t, string(log), `"level":"RequestResponse"`, "the policy is in force")
	require.Contains(t, string(log), `"subresource":"secret"`, "reads of values are recorded, without them")
	p["the audit log"] = log

	snapshot := filepath.Join(t.TempDir(), "snapshot.db")
	_, _, err = env.Command(t, "snapshot", "save", snapshot, "--data-dir="+env.Server.DataDir())
	require.NoError(t, err)
	p["a snapshot"], err = os.ReadFile(snapshot)
	require.NoError(t, err)
}

// ofHost gathers what kube-apiserver was told since a revision of its etcd, but for Secrets: the targets and credentials of
// this test, which are where they belong.
func (p places) ofHost(t *testing.T, since int64) {
	t.Helper()
	log, err := os.ReadFile(env.ControlPlane.AuditLog())
	require.NoError(t, err)
	require.Contains(t, string(log), `"level":"RequestResponse"`, "the policy is in force")
	p["the host's audit log"] = log
	for path, text := range filesBelow(t, env.ControlPlane.LogDir()) {
		// The server's own log is among them.
		if !strings.Contains(path, "external-secrets") {
			p[path] = text
		}
	}
	etcd, err := env.HostEtcd()
	require.NoError(t, err)
	defer etcd.Close()
	p["the host's etcd"] = history(t, etcd, since)
}

// history is every key and value that was written to an etcd after a revision, but for Secrets.
func history(t *testing.T, etcd framework.Etcd, since int64) []byte {
	t.Helper()
	now, err := etcd.Revision(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all bytes.Buffer
	for answer := range etcd.Watch(ctx, "", clientv3.WithPrefix(), clientv3.WithRev(since+1)) {
		require.NoError(t, answer.Err())
		for _, event := range answer.Events {
			if !strings.HasPrefix(string(event.Kv.Key), "/registry/secrets/") {
				all.Write(event.Kv.Key)
				all.Write(event.Kv.Value)
			}
			if event.Kv.ModRevision >= now {
				return all.Bytes()
			}
		}
	}
	require.Fail(t, "the history of etcd broke off")
	return nil
}

// ofDisk gathers what a server that has stopped leaves: its etcd with the write-ahead log, and whatever else is there.
func (p places) ofDisk(t *testing.T) {
	t.Helper()
	var disk []byte
	for path, text := range filesBelow(t, env.Server.DataDir()) {
		require.NotRegexp(t, `(^|/)core(\.\d+)?$`, path, "there is no core dump")
		disk = append(append(disk, text...), '\n')
	}
	p["the data directory"] = disk
}

// require fails for each canary that is found somewhere.
func (p places) require(t *testing.T, secret canaries) {
	t.Helper()
	for place, text := range p {
		require.NotEmpty(t, text, "there is something in %s", place)
		secret.requireNone(t, place, text)
	}
}
