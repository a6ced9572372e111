package apiserver

import (
	"context"
	"io"
	"time"

	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/component-base/metrics/legacyregistry"

	"github.com/live-secrets/external-secrets-apiserver/pkg/etcdclient"
	"github.com/live-secrets/external-secrets-apiserver/pkg/fence"
	"github.com/live-secrets/external-secrets-apiserver/pkg/headroom"
	"github.com/live-secrets/external-secrets-apiserver/pkg/metrics"
	"github.com/live-secrets/external-secrets-apiserver/pkg/snapshot"
)

// embeddedMember is what metrics call the embedded etcd.
const embeddedMember = "embedded"

// Snapshots says when snapshots of the store are taken. None are where Dir is empty.
type Snapshots struct {
	Dir      string
	Interval time.Duration
	Keep     int
}

// upkeep looks after etcd: how full it is, and that there are snapshots of it.
type upkeep struct {
	fence    *fence.Fence
	watchers []*headroom.Watcher
	// snapshots is nil where none are taken.
	snapshots *snapshot.Schedule
}

// newUpkeep makes an upkeep. leads tells whether this replica is the leader; of an embedded etcd there is no other.
func newUpkeep(extra Extra, guard *fence.Fence, leads func() bool) *upkeep {
	logger := Logger()
	u := &upkeep{fence: guard}
	for _, member := range etcdclient.Each(extra.Etcd) {
		name := member.ServerList[0]
		if extra.EmbedsEtcd {
			name = embeddedMember
		}
		u.watchers = append(u.watchers, headroom.NewWatcher(headroom.NewEtcd(name, member), extra.EmbedsEtcd, logger))
	}
	if extra.Snapshots.Dir == "" {
		return u
	}
	if extra.EmbedsEtcd {
		leads = nil
	}
	u.snapshots = snapshot.NewSchedule(snapshot.ScheduleConfig{
		Dir: extra.Snapshots.Dir, Interval: extra.Snapshots.Interval, Keep: extra.Snapshots.Keep,
		Take:    taker(extra.Etcd),
		StoreID: guard.StoreID,
		IsTurn:  leads,
		Logger:  logger,
	})
	return u
}

func taker(etcd storagebackend.TransportConfig) func(context.Context, io.Writer) (snapshot.Saved, error) {
	return func(ctx context.Context, w io.Writer) (snapshot.Saved, error) { return snapshot.Stream(ctx, etcd, w) }
}

// start begins all of it, in tasks that end before etcd does.
func (u *upkeep) start(beside *task) {
	legacyregistry.RawMustRegister(metrics.StorageUsage(u.usage))
	for _, w := range u.watchers {
		beside.run(w.Run)
	}
	if u.snapshots == nil {
		return
	}
	legacyregistry.RawMustRegister(metrics.Snapshots(u.snapshots.Record))
	beside.run(func(ctx context.Context) {
		if u.fence.Await(ctx) {
			u.snapshots.Run(ctx)
		}
	})
}

func (u *upkeep) usage() []*headroom.Usage {
	all := make([]*headroom.Usage, 0, len(u.watchers))
	for _, w := range u.watchers {
		all = append(all, w.Usage())
	}
	return all
}
