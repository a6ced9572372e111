package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/headroom"
	"github.com/live-secrets/external-secrets-apiserver/pkg/snapshot"
)

func TestStorageUsage(t *testing.T) {
	shown := StorageUsage(func() []*headroom.Usage {
		return []*headroom.Usage{
			{Name: "https://one:2379", Size: 100, InUse: 40, Quota: 200, Full: true},
			nil,
			{Name: "https://old:2379", Size: 10, InUse: 5},
		}
	})
	require.NoError(t, testutil.CollectAndCompare(shown, strings.NewReader(`
# HELP external_secrets_etcd_db_full 1 while etcd refuses to store anything for want of room (NOSPACE), else 0.
# TYPE external_secrets_etcd_db_full gauge
external_secrets_etcd_db_full{member="https://old:2379"} 0
external_secrets_etcd_db_full{member="https://one:2379"} 1
# HELP external_secrets_etcd_db_in_use_bytes What of etcd's database is not free.
# TYPE external_secrets_etcd_db_in_use_bytes gauge
external_secrets_etcd_db_in_use_bytes{member="https://old:2379"} 5
external_secrets_etcd_db_in_use_bytes{member="https://one:2379"} 40
# HELP external_secrets_etcd_db_quota_bytes What etcd's database may grow to. Nothing is stored when it has.
# TYPE external_secrets_etcd_db_quota_bytes gauge
external_secrets_etcd_db_quota_bytes{member="https://one:2379"} 200
# HELP external_secrets_etcd_db_size_bytes Size of etcd's database, free pages included: what the quota bounds.
# TYPE external_secrets_etcd_db_size_bytes gauge
external_secrets_etcd_db_size_bytes{member="https://old:2379"} 10
external_secrets_etcd_db_size_bytes{member="https://one:2379"} 100
`)))
}

func TestSnapshots(t *testing.T) {
	var record snapshot.Record
	shown := Snapshots(func() snapshot.Record { return record })
	require.NoError(t, testutil.CollectAndCompare(shown, strings.NewReader(`
# HELP external_secrets_snapshot_failures_total Scheduled snapshots of the store that failed.
# TYPE external_secrets_snapshot_failures_total counter
external_secrets_snapshot_failures_total 0
`)), "no snapshot has no time")

	record = snapshot.Record{Last: time.Unix(1000, 0), Size: 20512, Failures: 2}
	require.NoError(t, testutil.CollectAndCompare(shown, strings.NewReader(`
# HELP external_secrets_snapshot_failures_total Scheduled snapshots of the store that failed.
# TYPE external_secrets_snapshot_failures_total counter
external_secrets_snapshot_failures_total 2
# HELP external_secrets_snapshot_last_size_bytes Size of the last scheduled snapshot of the store.
# TYPE external_secrets_snapshot_last_size_bytes gauge
external_secrets_snapshot_last_size_bytes 20512
# HELP external_secrets_snapshot_last_success_timestamp_seconds When the last scheduled snapshot of the store was taken.
# TYPE external_secrets_snapshot_last_success_timestamp_seconds gauge
external_secrets_snapshot_last_success_timestamp_seconds 1000
`)))
}
