package stack_test

import (
	"sync"
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/pkg/stack"
)

//go:noinline
func descend(depth int) int {
	var frame [10]int
	if depth == 0 {
		return frame[0]
	}
	frame[depth%10] = descend(depth - 1)
	return frame[depth%10] + 1
}

func BenchmarkGrow(b *testing.B) {
	for name, begin := range map[string]func(){"with": func() { stack.Grow() }, "without": func() {}} {
		b.Run(name, func(b *testing.B) {
			var one sync.WaitGroup
			for b.Loop() {
				one.Go(func() { begin(); descend(120) })
				one.Wait()
			}
		})
	}
}
