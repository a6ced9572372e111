package source

import (
	"cmp"
	"slices"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

const (
	// wideShare of what a Source may hold is the most that a wide scope's picture may take.
	wideShare = 4
	// wideRefused is how long a wide scope that was of no use is left alone.
	wideRefused = 10 * time.Minute
)

// wide is what a Source knows of a scope that can stand for several. It is guarded by Source.mu.
type wide struct {
	// inUse is set while it does: it counts as a want of the scope.
	inUse bool
	// refused is until when it must not.
	refused time.Time
}

// trial is a wide scope and what came of it so far.
type trial struct {
	provider.Wide
	picture provider.Picture
	shows   bool
}

// widen has wide scopes stand for many narrow ones, gives up those that are of no use, and returns those that are in use.
// A wide scope is read once before anything rests on it, and what it stands for stays as it is until then: no reader waits
// for the change. own are the scopes that needs name by themselves.
func (src *Source) widen(needs []provider.Need, own []provider.Scope, now time.Time) []provider.Scope {
	widener, ok := src.client.Client.(provider.Widener)
	if !ok {
		return nil
	}
	var trials []trial
	for _, w := range src.client.wider(widener, src.scopesOf(needs, own), src.widesInUse()) {
		trials = append(trials, src.try(widener, w))
	}

	src.mu.Lock()
	defer src.unlock()
	if src.isRetired() {
		return nil
	}
	for _, t := range trials {
		src.widenLocked(t, now)
	}
	for id, w := range src.wide {
		if slices.ContainsFunc(trials, func(t trial) bool { return t.Scope == id }) {
			continue
		}
		src.useWideLocked(id, w, false)
		if !now.Before(w.refused) {
			delete(src.wide, id)
		}
	}
	src.watchLocked()
	return src.widesInUseLocked()
}

func (src *Source) widesInUse() []provider.Scope {
	src.mu.Lock()
	defer src.mu.Unlock()
	return src.widesInUseLocked()
}

func (src *Source) widesInUseLocked() (using []provider.Scope) {
	for id, w := range src.wide {
		if w.inUse {
			using = append(using, id)
		}
	}
	slices.SortFunc(using, func(a, b provider.Scope) int { return cmp.Compare(a.Name, b.Name) })
	return using
}

// scopesOf are the scopes of needs, each once.
func (src *Source) scopesOf(needs []provider.Need, known []provider.Scope) []provider.Scope {
	seen := map[provider.Scope]bool{}
	var all []provider.Scope
	for _, n := range needs {
		scopes, _ := src.client.scopes(n, known)
		for _, id := range scopes {
			if !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	return all
}

// try tells whether what is held of a wide scope has all that it is to stand for.
func (src *Source) try(widener provider.Widener, w provider.Wide) trial {
	t := trial{Wide: w}
	src.mu.Lock()
	if sc := src.scopes[w.Scope]; sc != nil {
		t.picture = sc.picture
	}
	src.mu.Unlock()
	t.shows = t.picture != nil && t.picture.Size() <= src.sources.cfg.Limits.SourceBytes/wideShare &&
		!slices.ContainsFunc(w.Instead, func(id provider.Scope) bool { return !src.client.shows(widener, t.picture, id) })
	return t
}

// widenLocked takes the next step with a wide scope: it is read, then used, and given up where it fails or does not show
// what it should.
func (src *Source) widenLocked(t trial, now time.Time) {
	w := src.wide[t.Scope]
	if w == nil {
		w = &wide{}
		src.wide[t.Scope] = w
	}
	if now.Before(w.refused) {
		return
	}
	sc, err := src.scopeLocked(t.Scope, src.tenantOf(everybody))
	if err != nil {
		return
	}
	switch {
	case src.wideFailsLocked(sc, w, now) || t.picture != nil && t.picture == sc.picture && !t.shows:
		w.refused = now.Add(wideRefused)
		src.useWideLocked(t.Scope, w, false)
	case w.inUse:
	case t.shows && t.picture == sc.picture:
		src.useWideLocked(t.Scope, w, true)
	default:
		src.tryWideLocked(sc, now)
	}
}

// tryWideLocked reads a wide scope, and has the Source look at what came of it.
func (src *Source) tryWideLocked(sc *scope, now time.Time) {
	src.untidy, sc.used = true, now
	if src.sources.lead.Load() && sc.current == nil && src.breaker.cause == nil && src.site.takePoll(now) == 0 {
		// It fails only where the Sources have stopped.
		_ = src.startLocked(sc, poll, now)
	}
}

// wideFailsLocked tells whether a wide scope has failed such that narrow ones may do better: at once where it may not be
// read, and after some polls where it merely could not be.
func (src *Source) wideFailsLocked(sc *scope, w *wide, now time.Time) bool {
	if sc.failure == nil {
		return false
	}
	switch provider.ReasonOf(sc.failure.err) {
	case provider.Forbidden, provider.ScopeNotFound, provider.Invalid:
		return true
	}
	return !w.inUse || now.Sub(sc.since) >= idleIntervals*src.sources.cfg.PollInterval
}

func (src *Source) useWideLocked(id provider.Scope, w *wide, use bool) {
	if w.inUse == use {
		return
	}
	w.inUse, src.untidy = use, true
	if use {
		src.scopes[id].wants++
	} else {
		src.scopes[id].wants--
	}
	src.after = append(src.after, func() { src.client.log.Debug("One scope stands for many", "scope", id.Name, "use", use) })
}

// failsWideLocked tells whether a wide scope in use fails, which the poll loop has to look at.
func (src *Source) failsWideLocked() bool {
	for id, w := range src.wide {
		if sc := src.scopes[id]; w.inUse && sc != nil && sc.failure != nil {
			return true
		}
	}
	return false
}

func (c *client) wider(widener provider.Widener, narrow, using []provider.Scope) (chosen []provider.Wide) {
	_ = c.guard("wider", func() error {
		chosen = widener.Wider(narrow, using)
		return nil
	})
	return chosen
}

func (c *client) shows(widener provider.Widener, picture provider.Picture, id provider.Scope) (shows bool) {
	_ = c.guard("shows", func() error {
		shows = widener.Shows(picture, id)
		return nil
	})
	return shows
}
