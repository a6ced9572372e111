package materializer

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typedcoordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// stalledHost has updates of Leases take a nap first: what a process does that is paused in the middle of one, and wakes up with
// everything else at once. The elector notices nothing before.
type stalledHost struct {
	kubernetes.Interface
	nap *atomic.Int64
}

func (h stalledHost) CoordinationV1() typedcoordinationv1.CoordinationV1Interface {
	return stalledCoordination{h.Interface.CoordinationV1(), h.nap}
}

type stalledCoordination struct {
	typedcoordinationv1.CoordinationV1Interface
	nap *atomic.Int64
}

func (c stalledCoordination) Leases(namespace string) typedcoordinationv1.LeaseInterface {
	return stalledLeases{c.CoordinationV1Interface.Leases(namespace), c.nap}
}

type stalledLeases struct {
	typedcoordinationv1.LeaseInterface
	nap *atomic.Int64
}

func (l stalledLeases) Update(ctx context.Context, lease *coordinationv1.Lease, o metav1.UpdateOptions) (*coordinationv1.Lease, error) {
	time.Sleep(time.Duration(l.nap.Swap(0)))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return l.LeaseInterface.Update(ctx, lease, o)
}

func (l stalledLeases) Get(ctx context.Context, name string, o metav1.GetOptions) (*coordinationv1.Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return l.LeaseInterface.Get(ctx, name, o)
}

// paused runs a test against a leader whose elector sleeps for a minute, in which another replica takes the Lease.
func paused(t *testing.T, test func(t *testing.T, f *fixture), change ...func(*Config)) {
	var nap atomic.Int64
	change = append(change, electing("one"), func(c *Config) { c.HostClient = stalledHost{c.HostClient, &nap} })
	bubble(t, func(t *testing.T, f *fixture) {
		f.add()
		after(3 * time.Second)
		require.Equal(t, both, f.host.data("db"))
		nap.Store(int64(time.Minute))
		after(20 * time.Second)
		require.True(t, f.leads(), "it has not noticed")
		f.hold("another")
		test(t, f)
	}, change...)
}

func TestWhoseLeaseWentWritesNothing(t *testing.T) {
	paused(t, func(t *testing.T, f *fixture) {
		statuses, created, updated := f.statusWrites("db"), f.host.count("create"), f.host.count("update")
		f.vault.set("password", "changed")
		f.add(func(es *v1.ExternalSecret) { es.Name = "new" })
		f.addStore(func(s *v1.SecretStore) { s.Name = "new" })
		after(20 * time.Second)
		require.True(t, f.leads(), "it still has not noticed")
		require.Greater(t, f.vault.count("revalidate"), 3, "it looked at what changed")
		require.Equal(t, both, f.host.data("db"))
		require.Equal(t, created, f.host.count("create"))
		require.Equal(t, updated, f.host.count("update"))
		require.Equal(t, statuses, f.statusWrites("db"))
		require.Zero(t, f.statusWrites("new"))
		require.Empty(t, f.get("new").Status.Conditions)
	})
}

func TestWhoseLeaseWentDeletesNothing(t *testing.T) {
	paused(t, func(t *testing.T, f *fixture) {
		uid := f.host.stored("db").UID
		err := f.m.config.Secrets.Delete(t.Context(), "team", "db", uid, f.host.stored("db").ResourceVersion)
		require.ErrorIs(t, err, errNoMandate)
		require.NotNil(t, f.host.stored("db"))
	})
}

// TestWhoWakesUpLateLeavesTheLeaseAlone: client-go gives back whatever Lease it finds when its time is over.
func TestWhoWakesUpLateLeavesTheLeaseAlone(t *testing.T) {
	paused(t, func(t *testing.T, f *fixture) {
		after(35 * time.Second)
		f.hold("another")
		after(6 * time.Second)
		require.False(t, f.leads(), "it has noticed")
		require.Equal(t, "another", *f.lease().Spec.HolderIdentity)
		after(time.Minute)
		require.True(t, f.leads(), "the other one has gone silent")
		require.Equal(t, both, f.host.data("db"))
	})
}

// TestSeesTheOtherAndStopsAtOnce: the elector goes on trying for ten seconds.
func TestSeesTheOtherAndStopsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		after(time.Second)
		require.True(t, f.leads())
		f.hold("another")
		after(5 * time.Second)
		require.False(t, f.leads())
		require.Equal(t, "another", *f.lease().Spec.HolderIdentity)
	}, electing("one"))
}

func TestMandate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		write := func(m *mandate) error {
			return m.write(t.Context(), func(ctx context.Context) error {
				calls++
				return ctx.Err()
			})
		}
		require.NoError(t, write(&mandate{}), "without an election there is nobody else")
		m := &mandate{life: 10 * time.Second}
		require.ErrorIs(t, write(m), errNoMandate, "before the first renewal")
		m.renew(time.Now())
		time.Sleep(9 * time.Second)
		require.NoError(t, write(m))
		require.ErrorIs(t, m.write(t.Context(), func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}), context.DeadlineExceeded, "a write does not outlast it")
		require.ErrorIs(t, write(m), errNoMandate)
		m.renew(time.Now())
		m.end()
		require.ErrorIs(t, write(m), errNoMandate)
		// As after a machine slept: the monotonic clock shows nothing.
		m.renew(time.Now().Round(0).Add(-11 * time.Second))
		require.ErrorIs(t, write(m), errNoMandate)
		require.Equal(t, 2, calls)
	})
}
