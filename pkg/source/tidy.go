package source

import (
	"maps"
	"slices"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func (s *Sources) tidyAll(now time.Time) {
	for _, src := range s.all() {
		src.tidy(now)
	}
}

// tidy lets go of parts and scopes that no want leads to and nobody has asked for in a while. It marks, with no lock held,
// by looking up every want in what is held, and then sweeps.
func (src *Source) tidy(now time.Time) {
	interval := src.sources.cfg.PollInterval
	src.mu.Lock()
	if !src.untidy && !src.failsWideLocked() || now.Sub(src.tidiedAt) < interval {
		src.mu.Unlock()
		return
	}
	src.untidy, src.tidiedAt = false, now
	scopes := make(map[provider.Need][]provider.Scope, len(src.wants))
	for n := range src.wants {
		scopes[n] = nil
	}
	src.mu.Unlock()

	needs := slices.Collect(maps.Keys(scopes))
	own := src.scopesOf(needs, nil)
	// What is watched is no reason to watch it: only what some need names by itself, or was chosen for many.
	known := append(own, src.widen(needs, own, now)...)
	marks := &marker{src: src, marked: map[provider.WantedPart]struct{}{}}
	for n := range scopes {
		scopes[n], _ = src.client.scopes(n, known)
		marks.scopes = scopes[n]
		_, missing, _ := src.client.lookup(n, marks)
		for _, m := range missing {
			marks.marked[m] = struct{}{}
		}
	}

	src.mu.Lock()
	defer src.unlock()
	if src.isRetired() {
		return
	}
	for n, w := range src.wants {
		if wanted, ok := scopes[n]; ok && !slices.Equal(wanted, w.scopes) {
			src.rescopeLocked(w, wanted)
			w.told.elsewhere()
			src.freshLocked(n, w)
		}
	}
	src.sweepLocked(marks.marked, now.Add(-idleIntervals*interval))
	src.watchLocked()
}

// sweepLocked drops what is neither marked nor wanted and was last used before idle. What it leaves for later keeps the
// Source untidy.
func (src *Source) sweepLocked(marked map[provider.WantedPart]struct{}, idle time.Time) {
	for id, sc := range src.scopes {
		for partID, p := range sc.parts {
			if _, ok := marked[provider.WantedPart{Scope: id, ID: partID}]; ok {
				continue
			}
			if p.flight != nil || !p.used.Before(idle) {
				src.untidy = true
				continue
			}
			src.dropPartLocked(p)
		}
		if sc.wants > 0 {
			continue
		}
		if sc.current != nil || sc.next != nil || len(sc.parts) > 0 || !sc.used.Before(idle) {
			src.untidy = true
			continue
		}
		src.letGoLocked(&sc.held)
		delete(src.scopes, id)
	}
}

func (src *Source) dropPartLocked(p *part) {
	src.letGoLocked(&p.held)
	delete(p.scope.parts, p.id)
	src.parts--
}

// marker is a view of all that is held, which notes the parts that are looked at.
type marker struct {
	src *Source
	// scopes are those of the want that is looked up.
	scopes []provider.Scope
	marked map[provider.WantedPart]struct{}
}

// Picture implements provider.View.
func (m *marker) Picture(id provider.Scope) (provider.Picture, error) {
	if !slices.Contains(m.scopes, id) {
		return nil, provider.ErrScopeNotNamed
	}
	m.src.mu.Lock()
	defer m.src.mu.Unlock()
	sc := m.src.scopes[id]
	if sc == nil || sc.picture == nil {
		return nil, errUnread(id)
	}
	return sc.picture, nil
}

// Part implements provider.View.
func (m *marker) Part(id provider.Scope, partID provider.PartID) (provider.Part, error, bool) {
	m.marked[provider.WantedPart{Scope: id, ID: partID}] = struct{}{}
	m.src.mu.Lock()
	defer m.src.mu.Unlock()
	sc := m.src.scopes[id]
	if sc == nil || sc.parts[partID] == nil || sc.parts[partID].content == nil {
		return nil, nil, false
	}
	return sc.parts[partID].content, nil, true
}
