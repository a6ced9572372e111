package app

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPercentFor(t *testing.T) {
	for bytes, want := range map[uint64]int{
		0: 300, garbage / 4: 300, garbage / 2: 200, garbage: 100, 2 * garbage: 50, 3 * garbage: 33, 4 * garbage: 30, 1 << 40: 30,
	} {
		require.Equal(t, want, percentFor(bytes), "%d bytes", bytes)
	}
}

func TestHeapInUse(t *testing.T) {
	held := make([]byte, 32<<20)
	runtime.GC()
	require.Greater(t, heapInUse(), uint64(len(held)))
	runtime.KeepAlive(held)
}
