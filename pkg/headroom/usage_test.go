package headroom

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const mib = 1 << 20

func TestIsWasteful(t *testing.T) {
	for name, c := range map[string]struct {
		size, inUse, quota int64
		ago                time.Duration
		want               bool
	}{
		"a new store":                      {1 * mib, 1 * mib, 2048 * mib, time.Hour, false},
		"history was compacted":            {200 * mib, 40 * mib, 2048 * mib, time.Hour, true},
		"it was, a while ago":              {200 * mib, 40 * mib, 2048 * mib, 59 * time.Minute, false},
		"less than half is free":           {400 * mib, 220 * mib, 2048 * mib, time.Hour, false},
		"little is free":                   {100 * mib, 40 * mib, 2048 * mib, time.Hour, false},
		"near the quota":                   {1700 * mib, 1200 * mib, 2048 * mib, 10 * time.Minute, true},
		"near the quota, a moment ago":     {1700 * mib, 1200 * mib, 2048 * mib, 9 * time.Minute, false},
		"near the quota and in use":        {1700 * mib, 1400 * mib, 2048 * mib, time.Hour, false},
		"near a small quota":               {7 * mib, 1 * mib, 8 * mib, 10 * time.Minute, true},
		"small, and far from it":           {6 * mib, 1 * mib, 8 * mib, time.Hour, false},
		"of a member that says no quota":   {200 * mib, 40 * mib, 0, time.Hour, true},
		"little of one that says no quota": {20 * mib, 4 * mib, 0, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, Usage{Size: c.size, InUse: c.inUse, Quota: c.quota}.isWasteful(c.ago))
		})
	}
}

func TestFits(t *testing.T) {
	u := Usage{Quota: 100 * mib}
	require.True(t, u.fits(89*mib))
	require.False(t, u.fits(90*mib))
}
