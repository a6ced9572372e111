package source

import (
	"slices"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// view is the provider.View of one ask. It keeps in mind which scopes the answer rests on.
type view struct {
	src    *Source
	read   *read
	need   provider.Need
	scopes []provider.Scope
	// seen is the oldest picture that was looked at, unseen the oldest picture behind an error that was.
	seen, unseen time.Time
	failed       bool
}

// Picture implements provider.View.
func (v *view) Picture(id provider.Scope) (provider.Picture, error) {
	if !slices.Contains(v.scopes, id) {
		return nil, provider.ErrScopeNotNamed
	}
	p := v.read.pins[id]
	if p.err != nil {
		if !v.failed || p.observed.Before(v.unseen) {
			v.unseen = p.observed
		}
		v.failed = true
		return nil, p.err
	}
	if v.seen.IsZero() || p.observed.Before(v.seen) {
		v.seen = p.observed
	}
	return p.picture, nil
}

// Part implements provider.View.
func (v *view) Part(id provider.Scope, partID provider.PartID) (content provider.Part, err error, ok bool) {
	now := time.Now()
	v.src.mu.Lock()
	defer v.src.mu.Unlock()
	var p *part
	if sc := v.src.scopes[id]; sc != nil {
		p = sc.parts[partID]
	}
	why := v.read.refused[provider.WantedPart{Scope: id, ID: partID}]
	if why == nil {
		why = v.read.why
	}
	switch {
	case p == nil:
		return nil, why, why != nil
	case p.content != nil:
		p.used = now
		if v.read.mode != onlyHeld {
			v.src.sharePartLocked(p, v.src.tenantLocked(v.read, v.need))
		}
		return p.content, nil, true
	case p.failedLocked(v.read.arrived, now):
		return nil, p.err, true
	default:
		return nil, why, why != nil
	}
}

// observed is when the oldest revalidation began that an answer, or an error, rests on.
func (v *view) observed(err error) time.Time {
	if err != nil && v.failed {
		return v.unseen
	}
	return v.seen
}
