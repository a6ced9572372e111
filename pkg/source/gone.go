package source

import (
	"context"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// confirmation is one call of Client.Confirm for a want. It is guarded by Source.mu.
type confirmation struct {
	began  time.Time
	gone   bool
	err    error
	flight *flight
}

// InputsForDeletion is Inputs for a caller that deletes what is gone: alone its Results have Gone set. A key is gone when
// it is NotFound with every scope answering, was missing from pictures that began at least one poll interval apart with no
// failure and no find in between, and a direct request for it says so. That takes a need which an owner wants, and, after
// a key was first found missing, another call at least one poll interval later. Where the direct request shows that the key
// is not gone but somewhere else, that is the Result's error.
func (src *Source) InputsForDeletion(ctx context.Context, needs []provider.Need, notBefore time.Time) provider.Inputs {
	r := newRead(needs, notBefore, causeNow)
	in, current := src.read(ctx, r)
	if current == nil {
		return in
	}
	var waits []*flight
	for _, a := range r.asks {
		if !a.proven {
			continue
		}
		if f := current.confirm(a.need, r.notBefore, tracing.Of(ctx)); f != nil {
			waits = append(waits, f)
		}
	}
	if len(waits) == 0 || current.waitTraced(ctx, waits) != nil || current.isRetired() {
		return in
	}
	results := make(map[provider.Need]provider.Result, len(r.asks))
	for _, a := range r.asks {
		if a.proven {
			current.concludeGone(&a, r.notBefore)
		}
		results[a.need] = a.result
	}
	return provider.NewInputs(results)
}

// recordLocked keeps what an ask came to as evidence about the need's key.
func (src *Source) recordLocked(r *read, a *ask) {
	w := src.wants[a.need]
	if w == nil {
		return
	}
	src.answeredWantLocked(r, a, w)
	oldest, newest, failed := src.spanLocked(r, a)
	switch {
	case a.result.Err == nil:
		w.remember(a.result.Answer)
		w.found, w.absent = later(w.found, newest), time.Time{}
	case oldest.IsZero() || provider.ReasonOf(a.result.Err) != provider.NotFound:
		w.absent = time.Time{}
	case !oldest.After(w.found):
		// Somebody has seen it in a newer picture.
	case w.absent.IsZero() || failed.After(w.absent):
		w.absent = newest
	default:
		a.proven = !a.result.Late && oldest.Sub(w.absent) >= src.sources.cfg.PollInterval
	}
}

// remember keeps all of an answer but its values.
func (w *want) remember(answer provider.Answer) {
	if w.last != nil && w.last.ID == answer.ID && w.last.Version == answer.Version && w.last.Scope == answer.Scope {
		return
	}
	w.last = &provider.Answer{Version: answer.Version, Updated: answer.Updated, ID: answer.ID, Scope: answer.Scope}
}

// spanLocked tells when the oldest and the newest picture of an ask began, zero where one of its scopes has none, and when
// one of them last failed.
func (src *Source) spanLocked(r *read, a *ask) (oldest, newest, failed time.Time) {
	for _, id := range a.scopes {
		p, sc := r.pins[id], src.scopes[id]
		if p.picture == nil || sc == nil {
			return time.Time{}, time.Time{}, time.Time{}
		}
		if oldest.IsZero() || p.observed.Before(oldest) {
			oldest = p.observed
		}
		newest, failed = later(newest, p.observed), later(failed, sc.failedAt)
	}
	return oldest, newest, failed
}

// confirm asks the provider whether a key is gone, unless somebody has just asked. It returns what to wait for.
func (src *Source) confirm(n provider.Need, notBefore time.Time, cause tracing.Span) *flight {
	now := time.Now()
	src.mu.Lock()
	defer src.unlock()
	w := src.wants[n]
	if w == nil {
		return nil
	}
	if c := w.confirmation; c != nil {
		// A provider that would not say so is not asked again before the next poll.
		known := !c.began.Before(notBefore) || !c.gone && now.Sub(c.began) < src.sources.cfg.PollInterval
		if known || !c.flight.ended() {
			return c.flight
		}
	}
	if src.breaker.cause != nil || src.site.takeLive("", now) != nil {
		return nil
	}
	c := &confirmation{began: now, flight: newFlight()}
	last := w.last
	ok := src.callLocked(func(ctx context.Context) {
		o := src.client.call(cause.Into(ctx), Confirm, payer{}, func(ctx context.Context) error {
			return src.client.Confirm(ctx, n, last)
		})
		src.mu.Lock()
		defer src.unlock()
		c.gone = o.failure == nil && !o.stopped
		if o.failure != nil && !o.stopped {
			c.err = o.failure.err
			src.tripLocked(o.failure, time.Now())
		}
		c.flight.span = o.span
		src.endLocked(c.flight)
	})
	if !ok {
		return nil
	}
	w.confirmation = c
	return c.flight
}

// concludeGone makes what the provider said about a key part of the ask's result.
func (src *Source) concludeGone(a *ask, notBefore time.Time) {
	src.mu.Lock()
	defer src.mu.Unlock()
	w := src.wants[a.need]
	if w == nil || w.confirmation == nil || !w.confirmation.flight.ended() {
		return
	}
	switch c := w.confirmation; {
	case c.gone:
		a.result.Gone = !c.began.Before(notBefore)
	case c.err != nil && provider.ReasonOf(c.err) == provider.Invalid:
		a.result.Err = c.err
	}
}
