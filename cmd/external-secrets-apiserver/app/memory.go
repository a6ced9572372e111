package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// garbage is how much may pile up before the heap is collected. Go's own pace, as much as is in use, would have a server with
	// a thousand ExternalSecrets collect every few dozen writes, and one with ten thousand be mostly garbage.
	garbage = 64 << 20
	// leastPercent bounds how often it is collected: an installation of any size spends its time on something else.
	leastPercent = 30
	// mostPercent bounds what a heap that grows at once may come to, until its size is looked at again.
	mostPercent = 300
	// paceInterval is how often the size is looked at.
	paceInterval = time.Second
)

// paceCollection lets about so much garbage pile up, at least leastPercent of what is in use, until ctx ends. GOGC in the
// environment is heeded in its place.
func paceCollection(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	ticker := time.NewTicker(paceInterval)
	defer ticker.Stop()
	set := 0
	for {
		if percent := percentFor(heapInUse()); percent != set {
			debug.SetGCPercent(percent)
			set = percent
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// percentFor is the GOGC for a heap of so many bytes in use.
func percentFor(bytes uint64) int {
	return int(min(max(100*garbage/max(bytes, 1), leastPercent), mostPercent))
}

// heapInUse is what the last collection left.
func heapInUse() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
