package app

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPercentFor(t *testing.T) {
	for bytes, want := range map[uint64]int{
		0: 100, fullHeap: 100, 2 * fullHeap: 50, 3 * fullHeap: 33, 4 * fullHeap: 30, 1 << 40: 30,
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
