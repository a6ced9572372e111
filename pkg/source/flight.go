package source

import (
	"context"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// flight is one call of the provider that somebody may wait for, from when it is first wanted. It carries no outcome: who
// waited looks at the state of the Source again.
type flight struct {
	// began is zero until the call does. Guarded by Source.mu.
	began time.Time
	// then is what runs when the flight ended. Guarded by Source.mu.
	then []func()
	done chan struct{}
	// cause is the span that a load is recorded below, guarded by Source.mu; span is that of the call, which may be read when the
	// flight has ended.
	cause, span tracing.Span
}

func newFlight() *flight {
	return &flight{done: make(chan struct{})}
}

func (f *flight) ended() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// endLocked lets go of all that wait for f.
func (src *Source) endLocked(f *flight) {
	close(f.done)
	src.after = append(src.after, f.then...)
	f.then = nil
}

// park runs then when f has ended. It returns false, and does not run it, where f has ended already or the Source has
// retired.
func (src *Source) park(f *flight, then func()) bool {
	src.mu.Lock()
	defer src.mu.Unlock()
	if f.ended() || src.isRetired() {
		return false
	}
	f.then = append(f.then, then)
	return true
}

// wait returns nil when all flights have ended, the Source has retired or the Sources have stopped, else why ctx ended.
func (src *Source) wait(ctx context.Context, flights []*flight) error {
	for _, f := range flights {
		select {
		case <-f.done:
		case <-src.retired:
			return nil
		case <-src.sources.life.ctx.Done():
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
