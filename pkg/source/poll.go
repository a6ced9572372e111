package source

import (
	"context"
	"slices"
	"time"
)

// longestPause keeps a change that was heard of from waiting where polls are far apart.
const longestPause = 200 * time.Millisecond

// pollLoop revalidates what is due while this process leads, and lets go of what nobody needs.
func (s *Sources) pollLoop(ctx context.Context) {
	// However often it is woken, it looks at most so often, and at least once per interval.
	pause := min(s.cfg.PollInterval/50, longestPause)
	listening := &streams{sources: s, open: map[any]*stream{}, rests: map[any]time.Time{}}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.wake:
		}
		next := s.pollOnce(ctx, listening)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		timer.Reset(time.Until(next))
	}
}

// pollOnce is one look, which waits for nothing, and tells when to look again.
func (s *Sources) pollOnce(ctx context.Context, listening *streams) (next time.Time) {
	defer s.cfg.Pulse.Begin("the poll loop")()
	now := time.Now()
	s.tidyAll(now)
	listening.tend(ctx, now)
	next = now.Add(s.cfg.PollInterval)
	if s.lead.Load() {
		next = s.pollDue(now, next)
	}
	return next
}

// due is a scope and when it is to be polled.
type due struct {
	src    *Source
	sc     *scope
	at     time.Time
	tenant string
	// rank is the place among those of its tenant, served when the tenant last had a turn.
	rank   int
	served time.Time
}

// pollDue starts the polls that are due, in turn, and tells when to look again: by next at the latest. The end of a poll
// wakes the loop too.
func (s *Sources) pollDue(now, next time.Time) time.Time {
	var all []due
	for _, src := range s.all() {
		all = src.appendDue(all)
	}
	all = slices.DeleteFunc(all, func(d due) bool {
		if d.at.After(now) {
			next = earlier(next, d.at)
		}
		return d.at.After(now)
	})
	s.turns.order(all, s.cfg.PollInterval)
	for _, d := range all {
		if again := d.src.poll(d.sc, now); !again.IsZero() {
			next = earlier(next, again)
		}
	}
	return next
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// isPolledLocked tells whether a scope will be revalidated without anybody asking for it.
func (src *Source) isPolledLocked(sc *scope) bool {
	return sc.wants > 0 && src.sources.lead.Load()
}

// appendDue lists the scopes that are to be polled, also those that somebody still waits for.
func (src *Source) appendDue(all []due) []due {
	src.mu.Lock()
	defer src.mu.Unlock()
	hold := src.site.pausedUntil()
	if src.breaker.cause != nil {
		hold = later(hold, src.breaker.nextProbe)
	}
	for _, sc := range src.scopes {
		if sc.current != nil || sc.queued || sc.wants == 0 && sc.next == nil {
			continue
		}
		rest := hold
		if !hold.IsZero() {
			rest = hold.Add(sc.spread(src.sources.cfg.PollInterval))
		}
		all = append(all, due{src: src, sc: sc, tenant: sc.tenant, at: later(later(sc.nextPoll, sc.heldOff), rest)})
	}
	return all
}

// poll revalidates a scope that is due. It tells when to try again where the budget has nothing left.
func (src *Source) poll(sc *scope, now time.Time) (again time.Time) {
	src.mu.Lock()
	defer src.unlock()
	limits := src.sources.cfg.Limits
	if src.isRetired() || sc.current != nil || src.polling >= limits.Polls || src.running >= limits.Revalidations {
		return time.Time{}
	}
	if src.breaker.cause != nil && (src.breaker.probing || now.Before(src.breaker.nextProbe)) {
		return time.Time{}
	}
	if delay := src.site.takePoll(now); delay > 0 {
		return now.Add(delay)
	}
	src.sources.turns.took(src.site, sc.tenant, now)
	if src.breaker.cause != nil {
		src.probeLocked(sc, poll, now)
		return time.Time{}
	}
	if !src.surveyLocked(sc, now) {
		// It fails only where the Sources have stopped.
		_ = src.startLocked(sc, poll, now)
	}
	return time.Time{}
}

// releaseExpectations lets those look again who left revalidations to polls that are not coming any more.
func (src *Source) releaseExpectations() {
	src.mu.Lock()
	defer src.unlock()
	for _, sc := range src.scopes {
		if !sc.urgent {
			src.abandonLocked(sc)
		}
	}
}
