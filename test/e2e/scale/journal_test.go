package scale

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/fence"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

// calm is how long nothing is written once all has been: longer than the quiet time after a change, and than the host's record of
// the store follows one.
const calm = 7 * time.Second

// recordKey is where the host has the record of the server's store.
const recordKey = "configmaps/external-secrets/" + fence.RecordName

// journal tells what was written to the etcd of the host, and to the server's own, since calm last returned.
type journal struct {
	t                         *testing.T
	host, own                 framework.Etcd
	hostRevision, ownRevision int64
}

// newJournal returns a journal of a cluster in which all is written.
func newJournal(t *testing.T) *journal {
	t.Helper()
	j := &journal{t: t}
	var err error
	j.host, err = env.HostEtcd()
	require.NoError(t, err)
	t.Cleanup(func() { j.host.Close() })
	j.own, err = env.Server.Etcd()
	require.NoError(t, err)
	t.Cleanup(func() { j.own.Close() })
	j.calm()
	return j
}

// calm waits until nothing is being written, and forgets what was.
func (j *journal) calm() {
	j.t.Helper()
	ctx, cancel := context.WithTimeout(j.t.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(j.t, fleet.Each(ctx, 2, []framework.Etcd{j.own, j.host}, func(ctx context.Context, etcd framework.Etcd) error {
		return etcd.Calm(ctx, calm)
	}))
	var err error
	j.hostRevision, err = j.host.Revision(j.t.Context())
	require.NoError(j.t, err)
	j.ownRevision, err = j.own.Revision(j.t.Context())
	require.NoError(j.t, err)
}

// settled are the keys that have been written since the last calm, once nothing more is.
func (j *journal) settled() (host, own []string) {
	j.t.Helper()
	before := *j
	j.calm()
	return before.written()
}

// written are the keys that were written, without the prefix of all; Leases and compaction do not count.
func (j *journal) written() (host, own []string) {
	j.t.Helper()
	return keysSince(j.t, j.host, j.hostRevision, "/registry/"),
		keysSince(j.t, j.own, j.ownRevision, "/registry/external-secrets.io/external-secrets.io/")
}

func keysSince(t *testing.T, etcd framework.Etcd, revision int64, prefix string) (keys []string) {
	t.Helper()
	writes, err := etcd.Since(t.Context(), revision)
	require.NoError(t, err)
	for _, w := range writes {
		keys = append(keys, strings.TrimPrefix(w.Key, prefix))
	}
	return keys
}

// keyOf is the key of an object of a member's name.
func keyOf(resource string, m fleet.Member) string {
	return fmt.Sprintf("%s/%s/%s", resource, m.Namespace, m.Name)
}
