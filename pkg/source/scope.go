package source

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// thoroughEvery is how many poll intervals lie between revalidations that forgo shortcuts. Polls are a little less than an
// interval apart, so it is the tenth that finds nine intervals over.
const thoroughEvery = 9

// idleIntervals is for how many poll intervals a scope or a part is kept that nobody wants or asks for.
const idleIntervals = 3

// scope is what a Source knows of one provider.Scope. All of it is guarded by Source.mu.
type scope struct {
	held
	id provider.Scope
	// picture is what the last revalidation that ended well showed, began is when that began.
	picture provider.Picture
	began   time.Time
	// edition is that of the picture, editionBefore that of the one before it.
	edition, editionBefore edition
	// failure is how the last revalidation ended; nil where well. since is when the first began of those that failed
	// without a good one in between; failedAt is when the last failure ended, also where one ended well after it.
	failure         *failure
	since, failedAt time.Time
	// retryAt is until when the failure answers callers, heldOff until when the provider asks to be left alone.
	retryAt, heldOff time.Time

	// current is in flight. next follows it: at once where urgent, with the next poll otherwise.
	current, next  *flight
	urgent, queued bool
	probe, polled  bool
	// payer is the user who caused the revalidation that is to begin; empty for this server itself.
	payer string
	// cause is what that revalidation is recorded below.
	cause tracing.Span
	// surveyed is set where current is part of a survey.
	surveyed bool
	// barred is set where somebody was sent away because of the whole Source's breaker, and should hear when that is over.
	barred bool

	parts map[provider.PartID]*part
	// jitter is between 0 and 1.
	jitter float64
	// wants counts the needs of owners that this scope is for; used is when somebody last asked for it.
	wants          int
	used           time.Time
	nextPoll       time.Time
	thoroughAt     time.Time
	thoroughFlight bool
}

// scopeLocked is the state of a scope that a tenant uses, made where there is none yet. The error says that there are too
// many.
func (src *Source) scopeLocked(id provider.Scope, tenant string) (*scope, error) {
	if sc, ok := src.scopes[id]; ok {
		src.shareLocked(&sc.held, tenant)
		return sc, nil
	}
	limit := src.sources.cfg.Limits.Scopes
	if !src.tenants.room(tenant, int64(len(src.scopes)), int64(src.tenants.own(tenant).scopes), 1, int64(limit)) {
		return nil, provider.Errorf(provider.Invalid,
			"%q: this store already watches %d vaults or folders, which is as many as one may; name fewer, or use another store", id.Name, limit)
	}
	sc := &scope{held: held{tenant: tenant}, id: id, jitter: rand.Float64(), parts: map[provider.PartID]*part{}}
	src.tenants.change(tenant, holdings{scopes: 1})
	src.scopes[id] = sc
	src.untidy = true
	return sc, nil
}

// joinLocked finds a revalidation that begins at or after notBefore: the one in flight, the one that follows it, or a new
// one. The error says why there may be none now.
func (src *Source) joinLocked(sc *scope, r *read, now time.Time) (*flight, error) {
	switch {
	case sc.current != nil && !sc.current.began.Before(r.notBefore):
		src.savedLocked()
		return sc.current, nil
	case sc.current != nil || sc.queued:
		if sc.urgent {
			src.savedLocked()
		} else {
			sc.payer = r.by.User
		}
		sc.urgent = true
		sc.cause = sc.cause.Or(r.span)
		return sc.nextLocked(), nil
	}
	sc.payer, sc.cause = r.by.User, r.span
	if err := src.startLocked(sc, live, now); err != nil {
		sc.cause = tracing.Span{}
		return nil, err
	}
	if sc.current != nil {
		return sc.current, nil
	}
	return sc.nextLocked(), nil
}

func (src *Source) savedLocked() {
	src.after = append(src.after, func() { src.sources.cfg.Metrics.RevalidationSaved(src.client.name) })
}

func (sc *scope) nextLocked() *flight {
	if sc.next == nil {
		sc.next = newFlight()
	}
	return sc.next
}

// startLocked begins a revalidation of a scope that has none in flight, or queues it where too many are. The error
// says that the budget allows none or the Sources have stopped. A poll has taken its token before.
func (src *Source) startLocked(sc *scope, k kind, now time.Time) error {
	by := payer{kind: k}
	if k == live {
		if src.running >= src.sources.cfg.Limits.Revalidations {
			src.queueLocked(sc)
			return nil
		}
		by.user = sc.payer
		if err := src.site.takeLive(by.user, now); err != nil {
			return err
		}
	}
	f := sc.nextLocked()
	f.began = now
	cause := sc.cause
	held := sc.picture
	thoroughDue := src.thoroughDueLocked(sc, now)
	thorough := k == poll && thoroughDue
	ok := src.callLocked(func(ctx context.Context) {
		s, o := src.client.revalidate(cause.Into(ctx), by, sc.id, held, thorough)
		src.mu.Lock()
		defer src.unlock()
		src.landLocked(sc, f, s, o)
	})
	if !ok {
		return errStopping()
	}
	sc.current, sc.next, sc.urgent, sc.queued, sc.payer, sc.cause = f, nil, false, false, "", tracing.Span{}
	sc.thoroughFlight = thorough || held == nil
	sc.polled = k == poll
	src.running++
	if sc.polled {
		src.polling++
	}
	if k == poll || !thoroughDue {
		sc.nextPoll = now.Add(src.sources.jittered())
	}
	return nil
}

// thoroughDueLocked tells whether the scope's next poll is to forgo shortcuts.
func (src *Source) thoroughDueLocked(sc *scope, now time.Time) bool {
	return sc.picture != nil && now.Sub(sc.thoroughAt) >= thoroughEvery*src.sources.cfg.PollInterval
}

// jittered is a time to the next poll: never longer than the interval, so that the interval is a promise.
func (s *Sources) jittered() time.Duration {
	interval := s.cfg.PollInterval
	return interval - time.Duration(rand.Int64N(int64(interval)/10+1))
}

// continueLocked starts what waited for a revalidation to end: those for which there was no place, then the scope's next
// one. After a failure the next one is not made: the failure answers.
func (src *Source) continueLocked(sc *scope, failed bool, now time.Time) {
	if sc.next != nil && sc.urgent {
		if failed {
			src.abandonLocked(sc)
		} else {
			src.queueLocked(sc)
		}
	}
	for len(src.queue) > 0 && src.running < src.sources.cfg.Limits.Revalidations {
		first := src.queue[0]
		src.queue = src.queue[1:]
		if !first.queued {
			continue
		}
		first.queued = false
		if src.startLocked(first, live, now) != nil {
			src.abandonLocked(first)
		}
	}
}

// queueLocked has the scope's next revalidation begin when there is a place for it.
func (src *Source) queueLocked(sc *scope) {
	sc.nextLocked()
	sc.queued, sc.urgent = true, true
	src.queue = append(src.queue, sc)
}

// abandonLocked lets those that wait for the scope's next revalidation look for themselves.
func (src *Source) abandonLocked(sc *scope) {
	if sc.next == nil {
		return
	}
	src.endLocked(sc.next)
	sc.next, sc.urgent, sc.cause = nil, false, tracing.Span{}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
