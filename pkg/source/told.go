package source

import (
	"maps"
	"slices"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// edition tells each picture and each part from all others that Sources ever held, and orders them: a new one has a greater
// edition than any before. The edition of what several show together is the greatest of theirs. 0 stands for none,
// editionBefore for any that was there before.
type edition uint64

const editionBefore edition = 1

// told is what owners of a want may have been told of it. It is guarded by Source.mu.
//
// A change must wake exactly the owners whose need has another answer than they know. Who was answered is not noted one by
// one: what counts is which pictures the answers rested on. An owner wants first and asks then. So whoever was answered from
// pictures before since has been named in a Change, and whoever was from those up to until knows the answer that is signed.
type told struct {
	// signed is what the need came to from all pictures of the editions since to until; these are 0 where it was never sifted.
	signed       signature
	since, until edition
	// answered is the oldest after until that somebody was answered from, editionBefore where that cannot be told; 0 for none.
	answered edition
}

// sift takes what the pictures of the edition at come to, and tells whether owners may know something else. before is the
// last edition before at.
func (t *told) sift(signed signature, at, before edition) (touched bool) {
	isNew := t.since == 0 || signed != t.signed
	touched = t.since != 0 && isNew || t.answered != 0 && t.answered < at
	if isNew || before > t.until {
		// What pictures in between came to is not known.
		t.since = at
	}
	t.signed, t.until = signed, at
	if t.answered <= at {
		t.answered = 0
	}
	return touched
}

// answer takes that somebody was answered from pictures of the edition at, and tells whether the answer is another one already.
func (t *told) answer(at edition) (outdated bool) {
	switch {
	case at == 0:
	case t.since != 0 && at < t.since:
		return true
	case at > t.until && (t.answered == 0 || at < t.answered):
		t.answered = at
	}
	return false
}

// elsewhere takes that other scopes, or another Source's, are what counts from now on: their editions are not those of before.
func (t *told) elsewhere() {
	t.since, t.until, t.answered = min(t.since, editionBefore), min(t.until, editionBefore), min(t.answered, editionBefore)
}

// answeredWantLocked takes that a need was answered. It tells the owners where there is another answer already: who asked may
// be one of them.
func (src *Source) answeredWantLocked(r *read, a *ask, w *want) {
	if !slices.Equal(a.scopes, w.scopes) {
		// It was looked for elsewhere: what is found where the want leads has to be looked at.
		w.told.answered = editionBefore
		return
	}
	var at edition
	for _, id := range a.scopes {
		at = max(at, r.pins[id].edition)
	}
	if !w.told.answer(at) {
		return
	}
	c := Change{StoreUID: src.store.UID, Scope: w.scopes[0], Owners: slices.Collect(maps.Keys(w.owners))}
	src.after = append(src.after, func() { src.sources.notifier.send(c) })
}

// unsiftedLocked lists the wants that somebody was answered about from pictures that were not sifted.
func (src *Source) unsiftedLocked() (needs []provider.Need) {
	for n, w := range src.wants {
		if w.told.answered != 0 {
			needs = append(needs, n)
		}
	}
	return needs
}

// doubt has owners told of wants about which the Source before may have answered anything.
func (src *Source) doubt(needs []provider.Need) {
	current, err := src.following()
	if err != nil {
		return
	}
	current.mu.Lock()
	defer current.unlock()
	for _, n := range needs {
		if w := current.wants[n]; w != nil {
			w.told.answered = editionBefore
			current.freshLocked(n, w)
		}
	}
}
