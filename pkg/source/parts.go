package source

import (
	"context"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// part is what a picture shows only the name of. It is guarded by Source.mu.
type part struct {
	held
	id    provider.PartID
	scope *scope
	// picture is the one that named the part, while it is to be loaded.
	picture provider.Picture
	content provider.Part
	// edition is that of the content.
	edition edition
	// err is how the last attempt ended, failedAt when; it answers everybody until retryAt, and after that those who came
	// before it ended.
	err               error
	failedAt, retryAt time.Time
	// flight is set from when the part is wanted until it was loaded or not; payer is the user who caused it.
	flight *flight
	payer  string
	used   time.Time
}

// failedLocked tells whether a part's failure answers somebody who came at arrived.
func (p *part) failedLocked(arrived, now time.Time) bool {
	return p.err != nil && (!p.failedAt.Before(arrived) || now.Before(p.retryAt))
}

// needPartLocked has a part loaded. It returns nil where it is there, or where its failure answers who asks. The error says
// why this read may not have it loaded.
func (src *Source) needPartLocked(sc *scope, id provider.PartID, r *read, tenant string, now time.Time) (*flight, error) {
	p := sc.parts[id]
	if p != nil {
		p.used = now
		src.shareLocked(&p.held, tenant)
		if p.content != nil || p.failedLocked(r.arrived, now) {
			return nil, nil
		}
		if p.flight != nil {
			return p.flight, nil
		}
	}
	if err := src.noLoadLocked(r, now); err != nil {
		return nil, err
	}
	if p == nil {
		var err error
		if p, err = src.addPartLocked(sc, id, tenant, now); err != nil {
			return nil, err
		}
	}
	p.flight, p.picture, p.payer = newFlight(), r.pins[sc.id].picture, r.by.User
	p.flight.cause = r.span
	src.unloaded = append(src.unloaded, p)
	f := p.flight
	src.loadLocked()
	return f, nil
}

// unheldLocked counts the parts that are neither held nor under way.
func (src *Source) unheldLocked(parts []provider.WantedPart, r *read, now time.Time) (n int) {
	for _, m := range parts {
		sc := src.scopes[m.Scope]
		if sc == nil {
			continue
		}
		p := sc.parts[m.ID]
		if p == nil || p.content == nil && p.flight == nil && !p.failedLocked(r.arrived, now) {
			n++
		}
	}
	return n
}

// noLoadLocked tells why no part may be loaded for a read now; nil where one may and the user's share has paid for it.
func (src *Source) noLoadLocked(r *read, now time.Time) error {
	if src.breaker.cause != nil {
		return src.breaker.cause.err
	}
	if err := src.pausedLocked(now); err != nil {
		return err
	}
	return src.site.takeShare(r.by.User, now)
}

func (src *Source) addPartLocked(sc *scope, id provider.PartID, tenant string, now time.Time) (*part, error) {
	limit := src.sources.cfg.Limits.Parts
	if !src.tenants.room(tenant, int64(src.parts), int64(src.tenants.own(tenant).parts), 1, int64(limit)) {
		return nil, provider.Errorf(provider.Invalid,
			"%q: this store already holds %d items, which is as many as one may; ask for fewer, or use another store", sc.id.Name, limit)
	}
	p := &part{held: held{tenant: tenant, isPart: true}, id: id, scope: sc, used: now}
	src.tenants.change(tenant, holdings{parts: 1})
	sc.parts[id] = p
	src.parts++
	src.untidy = true
	return p, nil
}

// pausedLocked tells that the provider asked to be left alone, and for how long.
func (src *Source) pausedLocked(now time.Time) error {
	if until := src.site.pausedUntil(); until.After(now) {
		return errPaused(until.Sub(now))
	}
	return nil
}

// loadLocked starts as many loaders as there are parts to load and places for them.
func (src *Source) loadLocked() {
	for len(src.unloaded) > 0 && src.loading < src.sources.cfg.Limits.Loads {
		p := src.unloaded[0]
		src.unloaded = src.unloaded[1:]
		picture, cause := p.picture, p.flight.cause
		ok := src.callLocked(func(ctx context.Context) { src.load(cause.Into(ctx), p, picture) })
		if !ok {
			src.failPartLocked(p, errStopping(), time.Time{})
			continue
		}
		src.loading++
	}
}

// load fetches a part when the site's budget allows it. Nobody's deadline but its own ends it. One whose turn comes while
// the provider wants to be left alone is not asked for: it would be refused with all that wait behind it.
func (src *Source) load(ctx context.Context, p *part, picture provider.Picture) {
	o := outcome{stopped: !src.awaitTurn(ctx)}
	paused := src.site.pausedUntil()
	rests := paused.After(time.Now())
	var content provider.Part
	var size int64
	if !o.stopped && !rests {
		content, size, o = src.client.load(ctx, payer{user: p.payer}, p.scope.id, picture, p.id)
	}
	now := time.Now()
	src.mu.Lock()
	defer src.unlock()
	src.loading--
	p.flight.span = o.span
	defer src.loadLocked()
	switch {
	case o.stopped || src.isRetired():
		src.failPartLocked(p, errStopping(), time.Time{})
	case rests:
		src.failPartLocked(p, errPaused(paused.Sub(now)), paused)
	case o.failure != nil:
		src.missPartLocked(p, o.failure, now)
	default:
		src.answeredLocked(now)
		if err := src.resizeLocked(&p.held, p.scope.id, size); err != nil {
			src.failPartLocked(p, err, now.Add(src.sources.cfg.PollInterval))
			return
		}
		p.content, p.err, p.used = content, nil, now
		p.edition = src.sources.newEdition()
		src.landPartLocked(p)
	}
}

// awaitTurn waits for the site's budget. It returns false where nobody waits for the part any more.
func (src *Source) awaitTurn(ctx context.Context) bool {
	if src.site.pausedUntil().After(time.Now()) {
		return true
	}
	delay := src.site.reserveLive(time.Now())
	if delay == 0 {
		return true
	}
	select {
	case <-time.After(delay):
		return true
	case <-ctx.Done():
	case <-src.retired:
	}
	return false
}

// missPartLocked takes in why a part was not loaded. That it is absent is not remembered.
func (src *Source) missPartLocked(p *part, f *failure, now time.Time) {
	reason, retryAfter := provider.ReasonOf(f.err), min(provider.RetryAfterOf(f.err), maxPause)
	retryAt := later(f.began.Add(src.sources.cfg.PollInterval), now.Add(retryAfter))
	if reason == provider.NotFound {
		retryAt = time.Time{}
	}
	src.failPartLocked(p, f.err, retryAt)
	src.tripLocked(f, now)
}

func (src *Source) failPartLocked(p *part, err error, retryAt time.Time) {
	p.err, p.failedAt, p.retryAt = err, time.Now(), retryAt
	src.landPartLocked(p)
}

func (src *Source) landPartLocked(p *part) {
	src.endLocked(p.flight)
	p.flight, p.picture = nil, nil
}
