package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// fullHeap is from what size on the heap is collected sooner than Go does by itself: at twice its size, that of a server
	// with ten thousand ExternalSecrets would be mostly garbage.
	fullHeap = 64 << 20
	// leastPercent bounds how often it is collected: an installation of any size spends its time on something else.
	leastPercent = 30
	// paceInterval is how often the size is looked at.
	paceInterval = 5 * time.Second
)

// paceCollection lets about fullHeap of garbage pile up, at least leastPercent of what is in use, until ctx ends. GOGC in the
// environment is heeded in its place.
func paceCollection(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	ticker := time.NewTicker(paceInterval)
	defer ticker.Stop()
	set := defaultPercent
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if percent := percentFor(heapInUse()); percent != set {
			debug.SetGCPercent(percent)
			set = percent
		}
	}
}

// defaultPercent is Go's own.
const defaultPercent = 100

// percentFor is the GOGC for a heap of so many bytes in use.
func percentFor(bytes uint64) int {
	if bytes <= fullHeap {
		return defaultPercent
	}
	return max(leastPercent, int(defaultPercent*fullHeap/bytes))
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
