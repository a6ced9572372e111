package source

import (
	"slices"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// glance is a view of the pictures alone: every part is missing in it.
type glance struct {
	shown map[provider.Scope]glimpse
	// named are the scopes of the need that is looked up.
	named []provider.Scope
}

// glimpse is what is known of one scope.
type glimpse struct {
	picture provider.Picture
	err     error
	// at is the stamp of the picture, before that of the one before it.
	at, before stamp
}

// takeLocked wants Source.mu held.
func (g *glance) takeLocked(sc *scope) {
	if _, ok := g.shown[sc.id]; ok {
		return
	}
	seen := glimpse{picture: sc.picture, at: sc.stamp, before: sc.stampBefore}
	if sc.failure != nil {
		seen.err = sc.failure.err
	}
	g.shown[sc.id] = seen
}

// Picture implements provider.View.
func (g *glance) Picture(id provider.Scope) (provider.Picture, error) {
	if !slices.Contains(g.named, id) {
		return nil, provider.ErrScopeNotNamed
	}
	switch seen := g.shown[id]; {
	case seen.picture != nil:
		return seen.picture, nil
	case seen.err != nil:
		return nil, seen.err
	}
	return nil, errUnread(id)
}

// Part implements provider.View.
func (g *glance) Part(provider.Scope, provider.PartID) (provider.Part, error, bool) {
	return nil, nil, false
}

// stampsOf is the stamp of scopes, and the one that there was last before it. It returns false where one of them has neither
// answered nor failed yet, or none has ever answered: nobody was answered from them.
func (g *glance) stampsOf(scopes []provider.Scope) (at, before stamp, ok bool) {
	for _, id := range scopes {
		seen := g.shown[id]
		if seen.picture == nil && seen.err == nil {
			return 0, 0, false
		}
		before = max(before, min(at, seen.at), seen.before)
		at = max(at, seen.at)
	}
	return at, before, at != 0
}
