package headroom_test

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apiserver/pkg/storage/storagebackend"

	"github.com/live-secrets/external-secrets-apiserver/pkg/embeddedetcd"
	"github.com/live-secrets/external-secrets-apiserver/pkg/etcdclient"
	"github.com/live-secrets/external-secrets-apiserver/pkg/headroom"
)

const (
	// quota is reached by a few writes.
	quota = 4 << 20
	limit = time.Minute
	poll  = 100 * time.Millisecond
)

type etcd struct {
	*clientv3.Client
	member *headroom.Etcd
	close  func()
}

func start(t *testing.T, dir string, quota int64) *etcd {
	t.Helper()
	server, err := embeddedetcd.Start(t.Context(), dir, embeddedetcd.Quota(quota))
	require.NoError(t, err)
	config := storagebackend.TransportConfig{ServerList: []string{server.Endpoint()}}
	client, err := etcdclient.Dial(config)
	require.NoError(t, err)
	e := &etcd{Client: client, member: headroom.NewEtcd("embedded", config)}
	e.close = func() {
		e.member.Close()
		_ = client.Close()
		server.Close()
	}
	return e
}

func (e *etcd) usage(t *testing.T) headroom.Usage {
	t.Helper()
	usage, err := e.member.Usage(t.Context())
	require.NoError(t, err)
	return usage
}

// fill writes to keys until etcd refuses, and returns how often it did not.
func (e *etcd) fill(t *testing.T, key func(n int) string) int {
	t.Helper()
	for n := range 1000 {
		_, err := e.Put(t.Context(), key(n), strings.Repeat("x", 100<<10))
		if err != nil {
			require.ErrorIs(t, err, rpctypes.ErrNoSpace)
			return n
		}
	}
	require.Fail(t, "there is no quota")
	return 0
}

func (e *etcd) writes(t *testing.T) error {
	t.Helper()
	_, err := e.Put(t.Context(), "small", "x")
	return err
}

func TestTheUsageOfEtcd(t *testing.T) {
	e := start(t, t.TempDir(), quota)
	defer e.close()
	first := e.usage(t)
	require.Equal(t, "embedded", first.Name)
	require.EqualValues(t, quota, first.Quota)
	require.False(t, first.Full)

	e.fill(t, func(int) string { return "one" })
	filled := e.usage(t)
	require.True(t, filled.Full)
	require.Greater(t, filled.Size, int64(quota/10*8))
	require.Greater(t, filled.Revision, first.Revision)
}

// What fills etcd is history: it is dropped, the file shrinks, the alarm goes, without anybody's help. The alarm is there after
// a restart, too.
func TestHistoryMakesRoom(t *testing.T) {
	dir := t.TempDir()
	e := start(t, dir, quota)
	e.fill(t, func(int) string { return "one" })
	e.close()
	e = start(t, dir, quota)
	defer e.close()
	require.ErrorIs(t, e.writes(t), rpctypes.ErrNoSpace)

	stop := run(t, e)
	require.Eventually(t, func() bool { return e.writes(t) == nil }, limit, poll)
	stop()
	require.Less(t, e.usage(t).Size, int64(quota/2))
}

// What fills etcd is what is stored: it stays full, until somebody deletes, or there is a larger quota.
func TestWhatIsStoredStays(t *testing.T) {
	dir := t.TempDir()
	e := start(t, dir, quota)
	stop := run(t, e)
	written := e.fill(t, strconv.Itoa)
	require.Eventually(t, func() bool { return e.usage(t).Full }, limit, poll)
	stop()
	require.ErrorIs(t, e.writes(t), rpctypes.ErrNoSpace)
	e.close()

	e = start(t, dir, 2*quota)
	stop = run(t, e)
	require.Eventually(t, func() bool { return e.writes(t) == nil }, limit, poll)
	stop()
	for n := range written {
		found, err := e.Get(t.Context(), strconv.Itoa(n))
		require.NoError(t, err)
		require.Len(t, found.Kvs, 1)
	}
	e.close()

	e = start(t, dir, quota)
	defer e.close()
	e.fill(t, strconv.Itoa)
	for n := range written / 2 {
		_, err := e.Delete(t.Context(), strconv.Itoa(n))
		require.NoError(t, err, "what is full can be deleted from")
	}
	defer run(t, e)()
	require.Eventually(t, func() bool { return e.writes(t) == nil }, limit, poll)
}

// unclosed is a member that its test goes on using when a Watcher has closed it.
type unclosed struct{ headroom.Member }

func (unclosed) Close() {}

// run looks after etcd until stop is called, or the test ends.
func run(t *testing.T, e *etcd) (stop func()) {
	t.Helper()
	w := headroom.NewWatcher(unclosed{e.member}, true, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	return func() { cancel(); <-done }
}
