package source

import (
	"slices"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// noStamp is what the stamp of a view begins with.
const noStamp provider.Stamp = 1

// view is the provider.View of one ask. It keeps in mind which scopes the answer rests on.
type view struct {
	src    *Source
	read   *read
	need   provider.Need
	scopes []provider.Scope
	// seen is the oldest picture that was looked at, unseen the oldest picture behind an error that was.
	seen, unseen time.Time
	failed       bool
	// stamp is of all that was looked at; zero where something could not be.
	stamp provider.Stamp
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
		v.failed, v.stamp = true, 0
		return nil, p.err
	}
	v.stamp = v.stamp.With(provider.Stamp(p.edition))
	if v.seen.IsZero() || p.observed.Before(v.seen) {
		v.seen = p.observed
	}
	return p.picture, nil
}

// Part implements provider.View.
func (v *view) Part(id provider.Scope, partID provider.PartID) (provider.Part, error, bool) {
	content, stamp, err, ok := v.part(id, partID)
	v.stamp = v.stamp.With(stamp)
	return content, err, ok
}

// part is also the stamp of what is there.
func (v *view) part(id provider.Scope, partID provider.PartID) (content provider.Part, stamp provider.Stamp, err error, ok bool) {
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
		return nil, 0, why, why != nil
	case p.content != nil:
		p.used = now
		if v.read.mode != onlyHeld {
			v.src.shareLocked(&p.held, v.src.tenantLocked(v.read, v.need))
		}
		return p.content, provider.Stamp(p.edition), nil, true
	case p.failedLocked(v.read.arrived, now):
		return nil, 0, p.err, true
	default:
		return nil, 0, why, why != nil
	}
}

// observed is when the oldest revalidation began that an answer, or an error, rests on.
func (v *view) observed(err error) time.Time {
	if err != nil && v.failed {
		return v.unseen
	}
	return v.seen
}
