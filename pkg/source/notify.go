package source

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Change says that a revalidation showed something new of a scope, or that the scope began or ceased to fail.
type Change struct {
	StoreUID types.UID
	Scope    provider.Scope
}

// notifier hands Changes to subscribers from a goroutine of its own. A Change that was not handed on yet stands for all
// that are equal to it, which bounds what a slow subscriber can pile up.
type notifier struct {
	mu          sync.Mutex
	subscribers []func(Change)
	pending     []Change
	queued      map[Change]struct{}
	wake        chan struct{}
}

func newNotifier() *notifier {
	return &notifier{queued: map[Change]struct{}{}, wake: make(chan struct{}, 1)}
}

func (n *notifier) subscribe(f func(Change)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.subscribers = append(n.subscribers, f)
}

func (n *notifier) send(c Change) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.queued[c]; ok || len(n.subscribers) == 0 {
		return
	}
	n.queued[c] = struct{}{}
	n.pending = append(n.pending, c)
	signal(n.wake)
}

func (n *notifier) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		}
		n.mu.Lock()
		pending, subscribers := n.pending, n.subscribers
		n.pending = nil
		clear(n.queued)
		n.mu.Unlock()
		for _, c := range pending {
			for _, f := range subscribers {
				f(c)
			}
		}
	}
}

// signal wakes the reader of a channel of capacity one; a signal that was not read yet is enough.
func signal(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}
