package materializer

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/ptr"
)

func electing(identity string) func(*Config) {
	return func(c *Config) { c.Election = &Election{Namespace: "external-secrets", Identity: identity} }
}

func (f *fixture) lease() *coordinationv1.Lease {
	lease, err := f.hostAPI.CoordinationV1().Leases("external-secrets").Get(f.t.Context(), "external-secrets-apiserver", metav1.GetOptions{})
	require.NoError(f.t, err)
	return lease
}

// hold writes the Lease as another replica does.
func (f *fixture) hold(identity string) {
	lease := f.lease()
	lease.Spec.HolderIdentity, lease.Spec.RenewTime = &identity, ptr.To(metav1.NewMicroTime(time.Now()))
	lease.Spec.LeaseDurationSeconds = ptr.To[int32](15)
	_, err := f.hostAPI.CoordinationV1().Leases("external-secrets").Update(f.t.Context(), lease, metav1.UpdateOptions{})
	require.NoError(f.t, err)
}

func (f *fixture) leads() bool { return f.m.term.Load() != nil }

func TestElection(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		after(time.Second)
		require.True(t, f.leads())
		require.Equal(t, "one", *f.lease().Spec.HolderIdentity)
		f.add()
		after(time.Second)
		require.Equal(t, both, f.host.data("db"))

		f.stop()
		require.Empty(t, *f.lease().Spec.HolderIdentity, "the Lease is given back at the end")
		f.start(electing("two"))
		after(5 * time.Second)
		require.True(t, f.leads())
	}, electing("one"))
}

func TestLostElection(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add()
		after(time.Second)
		uid := f.get("db").UID
		f.hold("another")
		after(11 * time.Second)
		require.False(t, f.leads())
		require.True(t, f.m.HasLeader(), "another one leads")
		_, known := f.ledger.Entry(uid)
		require.False(t, known)
		polls := f.vault.count("revalidate")
		f.vault.set("password", "changed")
		f.hold("another")
		after(10 * time.Second)
		require.Equal(t, both, f.host.data("db"))
		require.Equal(t, polls, f.vault.count("revalidate"), "the leader alone polls")

		after(30 * time.Second)
		require.True(t, f.leads(), "the other one has gone silent, and the election was entered again")
		require.Equal(t, "changed", f.host.data("db")["password"])
	}, electing("one"))
}

// TestSameIdentityTakesUpAgain has a process killed while it held the Lease.
func TestSameIdentityTakesUpAgain(t *testing.T) {
	for identity, leads := range map[string]bool{"one": true, "two": false} {
		t.Run(identity, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				lease := &coordinationv1.Lease{
					ObjectMeta: metav1.ObjectMeta{Namespace: "external-secrets", Name: "external-secrets-apiserver"},
					Spec: coordinationv1.LeaseSpec{HolderIdentity: ptr.To("one"), LeaseDurationSeconds: ptr.To[int32](15),
						AcquireTime: ptr.To(metav1.NowMicro()), RenewTime: ptr.To(metav1.NowMicro()), LeaseTransitions: ptr.To[int32](0)},
				}
				_, err := f.hostAPI.CoordinationV1().Leases("external-secrets").Create(t.Context(), lease, metav1.CreateOptions{})
				require.NoError(t, err)
				f.start(electing(identity))
				defer func() { f.stop() }()
				after(time.Second)
				require.Equal(t, leads, f.leads())
				require.True(t, f.m.HasLeader())
			})
		})
	}
}

func TestHostThatDoesNotAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		after(time.Second)
		require.True(t, f.leads())
		f.do(func() { f.noLeases = true })
		after(20 * time.Second)
		require.False(t, f.leads())
		require.False(t, f.m.HasLeader())
		f.do(func() { f.noLeases = false })
		after(10 * time.Second)
		require.True(t, f.leads())
	}, electing("one"))
}

func TestConfigIsChecked(t *testing.T) {
	_, err := New(Config{})
	require.Error(t, err)
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.start()
		f.stop()
		config := f.config
		config.Election = &Election{Namespace: "x"}
		_, err = New(config)
		require.ErrorContains(t, err, "identity")
	})
}

func TestHolderIsAliveWhileItChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h holder
		require.False(t, h.isAlive())
		record := resourcelock.LeaderElectionRecord{HolderIdentity: "one", LeaseDurationSeconds: 15}
		h.see(record)
		time.Sleep(14 * time.Second)
		h.see(record)
		require.True(t, h.isAlive())
		time.Sleep(time.Second)
		require.False(t, h.isAlive(), "seen again, and unchanged")
		record.RenewTime = metav1.Now()
		h.see(record)
		require.True(t, h.isAlive())
		record.HolderIdentity = ""
		h.see(record)
		require.False(t, h.isAlive(), "given back")
	})
}
