package source

import (
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// pin is what a read gets of a scope. It stays the same for the whole read, so that all needs of an ExternalSecret are
// answered from one picture.
type pin struct {
	picture provider.Picture
	err     error
	// observed is when the picture began, or, beside an error, the last one that there was.
	observed time.Time
	// edition is that of the picture that the scope had then, also beside an error.
	edition edition
}

// pinAll returns the asks whose scopes are pinned, and what the others wait for.
func (src *Source) pinAll(r *read) (waits []*flight, ready []*ask) {
	now := time.Now()
	src.mu.Lock()
	defer src.unlock()
	for i := range r.asks {
		a := &r.asks[i]
		if a.done {
			continue
		}
		missing := src.pinLocked(r, a.scopes, src.tenantLocked(r, a.need), now)
		if len(missing) == 0 {
			ready = append(ready, a)
		}
		waits = append(waits, missing...)
	}
	return waits, ready
}

// pinLocked pins scopes, or returns what to wait for.
func (src *Source) pinLocked(r *read, scopes []provider.Scope, tenant string, now time.Time) (waits []*flight) {
	for _, id := range scopes {
		sc := src.scopes[id]
		if r.mode != onlyHeld && sc != nil {
			src.shareLocked(&sc.held, tenant)
		}
		if _, ok := r.pins[id]; ok {
			continue
		}
		if sc == nil && r.mode == onlyHeld {
			r.pins[id] = pin{err: r.why}
			continue
		}
		if sc == nil {
			var err error
			if sc, err = src.scopeLocked(id, tenant); err != nil {
				r.pins[id] = pin{err: err}
				continue
			}
		}
		sc.used = now
		p, f := src.settleLocked(sc, r, now)
		if f != nil {
			waits = append(waits, f)
			continue
		}
		p.edition = sc.edition
		r.pins[id] = p
	}
	return waits
}

// settleLocked decides between what is known of a scope and waiting for a revalidation.
func (src *Source) settleLocked(sc *scope, r *read, now time.Time) (pin, *flight) {
	fresh := sc.picture != nil && !sc.began.Before(r.notBefore)
	failed := sc.failure != nil && !sc.failure.began.Before(r.notBefore)
	if fresh || failed || r.mode == onlyHeld {
		return sc.pinned(r.notBefore, r.why), nil
	}
	if r.mode == awaitPoll && src.breaker.cause == nil && src.isPolledLocked(sc) && (sc.picture != nil || sc.failure != nil) {
		if sc.current != nil && !sc.current.began.Before(r.notBefore) {
			return pin{}, sc.current
		}
		sc.cause = sc.cause.Or(r.span)
		return pin{}, sc.nextLocked()
	}
	if bar := src.barredLocked(sc); bar != nil {
		r.sendAway(Barred)
		src.probeLocked(sc, live, now)
		sc.barred = true
		if provider.ReasonOf(bar.err) == provider.Unauthenticated && sc.failure == nil {
			return pin{err: bar.err, observed: sc.began}, nil
		}
		return sc.pinned(r.notBefore, bar.err), nil
	}
	if sc.failure != nil && now.Before(sc.retryAt) && (sc.current == nil || sc.current.began.Before(r.notBefore)) {
		return sc.pinned(r.notBefore, nil), nil
	}
	if src.sources.life.over() {
		return sc.pinned(r.notBefore, errStopping()), nil
	}
	if err := src.pausedLocked(now); err != nil {
		r.sendAway(Paused)
		return sc.pinned(r.notBefore, err), nil
	}
	f, err := src.joinLocked(sc, r, now)
	if err != nil {
		r.sendAway(awayOf(err))
		return sc.pinned(r.notBefore, err), nil
	}
	return pin{}, f
}

// pinned is the best that is known of a scope: a picture that is new enough, else why there is none, else an older one.
// A provider that asks for fewer requests is no reason not to show the older one.
func (sc *scope) pinned(notBefore time.Time, otherwise error) pin {
	fails := sc.failure != nil && provider.ReasonOf(sc.failure.err) != provider.RateLimited
	switch {
	case sc.picture != nil && (!fails || !sc.began.Before(notBefore)):
		return pin{picture: sc.picture, observed: sc.began}
	case sc.failure != nil:
		return pin{err: sc.failure.err, observed: sc.began}
	case otherwise != nil:
		return pin{err: otherwise}
	default:
		return pin{err: errUnread(sc.id)}
	}
}
