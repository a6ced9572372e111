package source

import (
	"context"
	"sync"

	"github.com/live-secrets/external-secrets-apiserver/pkg/stack"
)

// life owns the goroutines of Sources: it starts none after it stopped, and stopping waits for all.
type life struct {
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	stopped bool
	running sync.WaitGroup
}

func newLife() *life {
	ctx, cancel := context.WithCancel(context.Background())
	return &life{ctx: ctx, cancel: cancel}
}

// start runs f in a goroutine, with a context that ends when the Sources stop. It returns false where they have.
func (l *life) start(f func(context.Context)) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return false
	}
	l.running.Go(func() {
		// Most of them make one request and read its answer.
		stack.Grow()
		f(l.ctx)
	})
	return true
}

// over tells whether the Sources have stopped.
func (l *life) over() bool { return l.ctx.Err() != nil }

func (l *life) stop() {
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	l.cancel()
	l.running.Wait()
}
