package stack_test

import (
	"runtime/debug"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/stack"
)

// descend takes some hundred bytes of stack for each step.
//
//go:noinline
func descend(depth int) int {
	var frame [10]int
	if depth == 0 {
		return frame[0]
	}
	frame[depth%10] = descend(depth - 1)
	return frame[depth%10] + 1
}

// A stack that is full is copied to another place, and what is on it with it.
func TestAStackWithRoomStaysWhereItIs(t *testing.T) {
	// A collection might shrink it.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var before, after uintptr
	var one sync.WaitGroup
	one.Go(func() {
		stack.Grow()
		var here byte
		before = uintptr(unsafe.Pointer(&here))
		descend(60)
		after = uintptr(unsafe.Pointer(&here))
	})
	one.Wait()
	require.Equal(t, before, after)
}

func BenchmarkGrow(b *testing.B) {
	for name, begin := range map[string]func(){"with": stack.Grow, "without": func() {}} {
		b.Run(name, func(b *testing.B) {
			var one sync.WaitGroup
			for b.Loop() {
				one.Go(func() { begin(); descend(120) })
				one.Wait()
			}
		})
	}
}
