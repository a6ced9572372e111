package source

import (
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// landLocked takes in what a revalidation showed.
func (src *Source) landLocked(sc *scope, f *flight, s shown, o outcome) {
	now := time.Now()
	sc.current = nil
	src.freePlaceLocked(sc)
	if sc.probe {
		sc.probe, src.breaker.probing = false, false
	}
	f.span = o.span
	defer src.endLocked(f)
	if o.stopped || src.isRetired() {
		src.abandonLocked(sc)
		return
	}
	failed := o.failure
	if failed == nil {
		failed = src.installLocked(sc, f, s, now)
	}
	if failed != nil {
		// What counts is when the Source began, which is earlier by what the goroutine took to start.
		failed.began = f.began
		src.failLocked(sc, failed, now)
	}
	src.continueLocked(sc, failed != nil, now)
	signal(src.sources.wake)
}

// freePlaceLocked gives back the place of the scope's own call. A survey has one place for all of its scopes.
func (src *Source) freePlaceLocked(sc *scope) {
	if sc.surveyed {
		sc.surveyed = false
		return
	}
	src.running--
	if sc.polled {
		src.polling--
	}
}

// installLocked makes what was shown what is held of the scope. It fails where that does not fit.
func (src *Source) installLocked(sc *scope, f *flight, s shown, now time.Time) *failure {
	src.answeredLocked(now)
	if !s.same {
		if err := src.resizeLocked(&sc.held, sc.id, s.size); err != nil {
			return &failure{err: err}
		}
	}
	turned := sc.failure != nil || sc.barred || sc.picture == nil
	if sc.failure != nil {
		src.after = append(src.after, func() { src.client.log.Info("Scope is readable again", "scope", sc.id.Name) })
	}
	sc.picture, sc.began = s.picture, f.began
	sc.failure, sc.since, sc.retryAt, sc.barred = nil, time.Time{}, time.Time{}, false
	src.seen = now
	if sc.thoroughFlight {
		sc.thoroughAt = f.began
	}
	src.untidy = src.untidy || turned || !s.same
	switch {
	case !s.same:
		sc.edition, sc.editionBefore = src.sources.newEdition(), sc.edition
		src.siftLocked(sc.id, turned)
	case turned:
		src.turnedLocked(sc)
	}
	return nil
}

func (src *Source) turnedLocked(sc *scope) {
	c := Change{StoreUID: src.store.UID, Scope: sc.id, Turned: true}
	src.after = append(src.after, func() { src.sources.notifier.send(c) })
}

func (src *Source) failLocked(sc *scope, f *failure, now time.Time) {
	reason, retryAfter := provider.ReasonOf(f.err), min(provider.RetryAfterOf(f.err), maxPause)
	if sc.failure == nil {
		sc.since = f.began
		src.turnedLocked(sc)
		src.after = append(src.after, func() {
			src.client.log.Warn("Scope is not readable", "scope", sc.id.Name, "reason", reason, "message", f.err.Error())
		})
	}
	if sc.failure == nil && sc.picture == nil {
		// What rests on other scopes too was not sifted for want of this one.
		src.siftLocked(sc.id, false)
	}
	sc.failure, sc.failedAt = f, now
	sc.heldOff = now.Add(retryAfter)
	sc.retryAt = later(f.began.Add(src.sources.cfg.PollInterval), sc.heldOff)
	if reason == provider.Unavailable || reason == provider.Unauthenticated {
		src.seen = time.Time{}
	}
	src.tripLocked(f, now)
}
