package metrics

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
)

func TestCertificateExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end, served := time.Now().Add(time.Hour), false
		expiry := CertificateExpiry(func() (time.Time, bool) { return end, served })
		require.Zero(t, testutil.CollectAndCount(expiry), "no certificate, no series")
		served = true
		require.Equal(t, float64(3600), testutil.ToFloat64(expiry))
		time.Sleep(2 * time.Hour)
		require.Equal(t, float64(-3600), testutil.ToFloat64(expiry))
	})
}
