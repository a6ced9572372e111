package source

import (
	"context"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// part is what a picture shows only the name of. It is guarded by Source.mu.
type part struct {
	id    provider.PartID
	scope *scope
	// picture is the one that named the part, while it is to be loaded.
	picture provider.Picture
	content provider.Part
	size    int64
	// serial tells the content from all others that were ever held.
	serial provider.Stamp
	// err is how the last attempt ended, failedAt when; it answers everybody until retryAt, and after that those who came
	// before it ended.
	err               error
	failedAt, retryAt time.Time
	// flight is set from when the part is wanted until it was loaded or not.
	flight *flight
	used   time.Time
}

// failedLocked tells whether a part's failure answers somebody who came at arrived.
func (p *part) failedLocked(arrived, now time.Time) bool {
	return p.err != nil && (!p.failedAt.Before(arrived) || now.Before(p.retryAt))
}

// needPartLocked has a part loaded. It returns nil where it is there, or where its failure answers who asks.
func (src *Source) needPartLocked(sc *scope, id provider.PartID, picture provider.Picture, arrived, now time.Time) *flight {
	p, ok := sc.parts[id]
	if !ok {
		p = &part{id: id, scope: sc}
		sc.parts[id] = p
		src.parts++
		src.untidy = true
	}
	p.used = now
	if p.content != nil || p.failedLocked(arrived, now) {
		return nil
	}
	if p.flight != nil {
		return p.flight
	}
	if err := src.noLoadLocked(sc, now); err != nil {
		p.err, p.failedAt, p.retryAt = err, now, time.Time{}
		return nil
	}
	p.flight, p.picture = newFlight(), picture
	src.unloaded = append(src.unloaded, p)
	f := p.flight
	src.loadLocked()
	return f
}

// noLoadLocked tells why no part may be loaded now.
func (src *Source) noLoadLocked(sc *scope, now time.Time) error {
	if src.breaker.cause != nil {
		return src.breaker.cause.err
	}
	if limit := src.sources.cfg.Limits.Parts; src.parts > limit {
		return provider.Errorf(provider.Invalid, "%q: this store already holds %d items, which is as many as one may", sc.id.Name, limit)
	}
	return src.pausedLocked(now)
}

// pausedLocked tells that the provider asked to be left alone, and for how long.
func (src *Source) pausedLocked(now time.Time) error {
	if until := src.site.pausedUntil(); until.After(now) {
		err := provider.Errorf(provider.RateLimited, "the provider asks for fewer requests")
		err.RetryAfter = until.Sub(now)
		return err
	}
	return nil
}

// loadLocked starts as many loaders as there are parts to load and places for them.
func (src *Source) loadLocked() {
	for len(src.unloaded) > 0 && src.loading < src.sources.cfg.Limits.Loads {
		p := src.unloaded[0]
		src.unloaded = src.unloaded[1:]
		picture := p.picture
		ok := src.callLocked(func(ctx context.Context) { src.load(ctx, p, picture) })
		if !ok {
			src.failPartLocked(p, errStopping(), time.Time{})
			continue
		}
		src.loading++
	}
}

// load fetches a part when the site's budget allows it. Nobody's deadline but its own ends it.
func (src *Source) load(ctx context.Context, p *part, picture provider.Picture) {
	o := outcome{stopped: !src.awaitTurn(ctx)}
	var content provider.Part
	var size int64
	if !o.stopped {
		content, size, o = src.client.load(ctx, p.scope.id, picture, p.id)
	}
	now := time.Now()
	src.mu.Lock()
	defer src.unlock()
	src.loading--
	defer src.loadLocked()
	switch {
	case o.stopped || src.isRetired():
		src.failPartLocked(p, errStopping(), time.Time{})
	case o.failure != nil:
		src.missPartLocked(p, o.failure, now)
	default:
		src.answeredLocked(now)
		if err := src.reserveLocked(p.scope, size); err != nil {
			src.failPartLocked(p, err, now.Add(src.sources.cfg.PollInterval))
			return
		}
		p.content, p.size, p.err, p.used = content, size, nil, now
		p.serial = src.sources.newSerial()
		src.landPartLocked(p)
	}
}

// awaitTurn waits for the site's budget. It returns false where nobody waits for the part any more.
func (src *Source) awaitTurn(ctx context.Context) bool {
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
	if reason == provider.RateLimited && retryAfter > 0 {
		src.site.pause(now.Add(retryAfter))
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
