package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// CertificateExpiry shows for how many seconds the certificate that is served stays valid, as of the scrape: less than zero
// when it has ended. end tells when it ends, and false where there is none.
func CertificateExpiry(end func() (time.Time, bool)) prometheus.Collector {
	return &certificateExpiry{
		end: end,
		expiry: prometheus.NewDesc("external_secrets_serving_certificate_expiry_seconds",
			"Seconds until the certificate ends that is served.", nil, nil),
	}
}

type certificateExpiry struct {
	end    func() (time.Time, bool)
	expiry *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c *certificateExpiry) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- c.expiry }

// Collect implements prometheus.Collector.
func (c *certificateExpiry) Collect(series chan<- prometheus.Metric) {
	if end, ok := c.end(); ok {
		series <- prometheus.MustNewConstMetric(c.expiry, prometheus.GaugeValue, time.Until(end).Seconds())
	}
}
