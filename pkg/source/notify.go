package source

import (
	"context"
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/pulse"
)

// Change says what a scope shows that it did not show before.
type Change struct {
	StoreUID types.UID
	Scope    provider.Scope
	// Owners are those for whom something that they want of the scope has another answer now, or needs parts that are not
	// loaded yet to have one. They are in no order. Whoever wants something and was answered is named when a later picture
	// gives another answer.
	Owners []types.UID
	// Turned is set where the scope began to fail or ceased to, or was read for the first time: what failed for that is to be
	// tried again.
	Turned bool
}

// notifier hands Changes to subscribers from a goroutine of its own. Changes of one scope that were not handed on yet are
// merged, which bounds what a slow subscriber can pile up.
type notifier struct {
	pulse *pulse.Pulse

	mu          sync.Mutex
	subscribers []func(Change)
	// pending are in the order of their first changes.
	pending []*pending
	queued  map[changed]*pending
	wake    chan struct{}
}

// changed is where something changed.
type changed struct {
	store types.UID
	scope provider.Scope
}

type pending struct {
	changed
	owners map[types.UID]struct{}
	turned bool
}

func newNotifier(p *pulse.Pulse) *notifier {
	return &notifier{pulse: p, queued: map[changed]*pending{}, wake: make(chan struct{}, 1)}
}

func (n *notifier) subscribe(f func(Change)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.subscribers = append(n.subscribers, f)
}

func (n *notifier) send(c Change) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.subscribers) == 0 {
		return
	}
	at := changed{c.StoreUID, c.Scope}
	p := n.queued[at]
	if p == nil {
		p = &pending{changed: at, owners: make(map[types.UID]struct{}, len(c.Owners))}
		n.queued[at] = p
		n.pending = append(n.pending, p)
	}
	p.turned = p.turned || c.Turned
	for _, owner := range c.Owners {
		p.owners[owner] = struct{}{}
	}
	signal(n.wake)
}

func (n *notifier) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		}
		n.handOn()
	}
}

func (n *notifier) handOn() {
	defer n.pulse.Begin("the notice of changes")()
	n.mu.Lock()
	all, subscribers := n.pending, n.subscribers
	n.pending = nil
	clear(n.queued)
	n.mu.Unlock()
	for _, p := range all {
		c := Change{StoreUID: p.store, Scope: p.scope, Owners: slices.Collect(maps.Keys(p.owners)), Turned: p.turned}
		for _, f := range subscribers {
			f(c)
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
