package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/live-secrets/external-secrets-apiserver/pkg/headroom"
	"github.com/live-secrets/external-secrets-apiserver/pkg/snapshot"
)

const labelMember = "member"

// StorageUsage shows how full etcd is, member by member. look gives nil for a member that did not answer.
func StorageUsage(look func() []*headroom.Usage) prometheus.Collector {
	series := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("external_secrets_etcd_"+name, help, []string{labelMember}, nil)
	}
	return &storageUsage{
		look:  look,
		size:  series("db_size_bytes", "Size of etcd's database, free pages included: what the quota bounds."),
		inUse: series("db_in_use_bytes", "What of etcd's database is not free."),
		quota: series("db_quota_bytes", "What etcd's database may grow to. Nothing is stored when it has."),
		full:  series("db_full", "1 while etcd refuses to store anything for want of room (NOSPACE), else 0."),
	}
}

type storageUsage struct {
	look                     func() []*headroom.Usage
	size, inUse, quota, full *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (s *storageUsage) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.size, s.inUse, s.quota, s.full} {
		descriptions <- d
	}
}

// Collect implements prometheus.Collector.
func (s *storageUsage) Collect(series chan<- prometheus.Metric) {
	for _, u := range s.look() {
		if u == nil {
			continue
		}
		show := func(d *prometheus.Desc, value float64) {
			series <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, u.Name)
		}
		show(s.size, float64(u.Size))
		show(s.inUse, float64(u.InUse))
		if u.Quota > 0 {
			show(s.quota, float64(u.Quota))
		}
		full := 0.0
		if u.Full {
			full = 1
		}
		show(s.full, full)
	}
}

// Snapshots shows what became of scheduled snapshots. The time and size of the last are shown where there is one.
func Snapshots(record func() snapshot.Record) prometheus.Collector {
	return &snapshots{
		record: record,
		last: prometheus.NewDesc("external_secrets_snapshot_last_success_timestamp_seconds",
			"When the last scheduled snapshot of the store was taken.", nil, nil),
		size:     prometheus.NewDesc("external_secrets_snapshot_last_size_bytes", "Size of the last scheduled snapshot of the store.", nil, nil),
		failures: prometheus.NewDesc("external_secrets_snapshot_failures_total", "Scheduled snapshots of the store that failed.", nil, nil),
	}
}

type snapshots struct {
	record               func() snapshot.Record
	last, size, failures *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (s *snapshots) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.last, s.size, s.failures} {
		descriptions <- d
	}
}

// Collect implements prometheus.Collector.
func (s *snapshots) Collect(series chan<- prometheus.Metric) {
	record := s.record()
	series <- prometheus.MustNewConstMetric(s.failures, prometheus.CounterValue, float64(record.Failures))
	if record.Last.IsZero() {
		return
	}
	series <- prometheus.MustNewConstMetric(s.last, prometheus.GaugeValue, float64(record.Last.Unix()))
	series <- prometheus.MustNewConstMetric(s.size, prometheus.GaugeValue, float64(record.Size))
}
