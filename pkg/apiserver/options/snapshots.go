package options

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver"
	"github.com/live-secrets/external-secrets-apiserver/pkg/embeddedetcd"
)

const (
	// shortestSnapshots is the least time from one snapshot to the next: each reads the whole database.
	shortestSnapshots = time.Minute
	// smallestQuota is room for what a server stores before anybody uses it, a few times over.
	smallestQuota = 1 << 20
)

// newSnapshots has snapshots of a week, once there is a directory for them.
func newSnapshots() apiserver.Snapshots {
	return apiserver.Snapshots{Interval: 6 * time.Hour, Keep: 28}
}

func (o *Options) addStorageFlags(flags *pflag.FlagSet) {
	flags.Int64Var(&o.EtcdQuotaBytes, "etcd-quota-bytes", o.EtcdQuotaBytes, "What the database of the embedded etcd may grow to, in bytes. Nothing is stored when it has, until there is room again. The volume needs twice that, and room for two write-ahead logs of 64 MiB.")
	flags.StringVar(&o.Snapshots.Dir, "snapshot-dir", o.Snapshots.Dir, "Directory that snapshots of the store are saved to on a schedule; none are when empty. It should be on another volume than the store. With several replicas the leader takes them, and the directory should be one that all share.")
	flags.DurationVar(&o.Snapshots.Interval, "snapshot-interval", o.Snapshots.Interval, "Time from one snapshot to the next, over restarts too.")
	flags.IntVar(&o.Snapshots.Keep, "snapshot-keep", o.Snapshots.Keep, "How many snapshots stay in --snapshot-dir. Older ones are removed when a new one is complete; those of another store never are.")
}

func (o *Options) validateStorage() []error {
	var errs []error
	if o.EtcdQuotaBytes < smallestQuota {
		errs = append(errs, fmt.Errorf("--etcd-quota-bytes must be at least %d, is %d", smallestQuota, o.EtcdQuotaBytes))
	}
	if !o.EmbedsEtcd() && o.EtcdQuotaBytes != embeddedetcd.DefaultQuotaBytes {
		errs = append(errs, fmt.Errorf("--etcd-quota-bytes is of the embedded etcd: that of --etcd-servers has a quota of its own"))
	}
	if o.Snapshots.Interval < shortestSnapshots {
		errs = append(errs, fmt.Errorf("--snapshot-interval must be at least %s, is %s", shortestSnapshots, o.Snapshots.Interval))
	}
	if o.Snapshots.Keep < 1 {
		errs = append(errs, fmt.Errorf("--snapshot-keep must be at least 1, is %d", o.Snapshots.Keep))
	}
	return errs
}
