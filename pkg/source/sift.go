package source

import (
	"context"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// siftBatch is how many wants are sifted between two looks at the Source, so that nobody waits long for its lock.
const siftBatch = 256

// sifting is what is to be sifted. It is guarded by Source.mu.
type sifting struct {
	running bool
	// scopes have a new picture; those that are true also began or ceased to fail.
	scopes map[provider.Scope]bool
	// fresh are needs that came when their scopes had been seen.
	fresh map[provider.Need]struct{}
}

// freshLocked has a want sifted that came, or leads elsewhere, after its scopes were seen: the next picture is compared with
// what there is now. Others wait for their first picture.
func (src *Source) freshLocked(n provider.Need, w *want) {
	for _, id := range w.scopes {
		if src.scopes[id].picture == nil {
			return
		}
	}
	if len(w.scopes) > 0 {
		src.sifting.fresh[n] = struct{}{}
		src.startSiftLocked()
	}
}

// siftLocked has what owners want of a scope compared with what it came to before, beside everything else.
func (src *Source) siftLocked(id provider.Scope, turned bool) {
	src.sifting.scopes[id] = src.sifting.scopes[id] || turned
	src.startSiftLocked()
}

func (src *Source) startSiftLocked() {
	if !src.sifting.running {
		src.sifting.running = src.sources.life.start(src.sift)
	}
}

// sifted is a want on its way through a sift.
type sifted struct {
	need   provider.Need
	want   *want
	scopes []provider.Scope
	// at is the stamp of the pictures, before the last one before it.
	at, before stamp
}

// restOn tells whether one of scopes is among some.
func restOn(scopes []provider.Scope, some map[provider.Scope]bool) bool {
	return slices.ContainsFunc(scopes, func(id provider.Scope) bool { _, ok := some[id]; return ok })
}

// sift works until nothing is left to be sifted.
func (src *Source) sift(ctx context.Context) {
	signer := src.sources.key.signer()
	for {
		turned, wants, view := src.takeSift(ctx)
		if turned == nil {
			return
		}
		touched := map[provider.Scope]map[types.UID]struct{}{}
		for batch := range slices.Chunk(wants, siftBatch) {
			signed := make([]signature, len(batch))
			for i, s := range batch {
				view.named = s.scopes
				signed[i] = signer.sign(src.client.lookup(s.need, view))
			}
			if !src.concludeSift(batch, signed, turned, touched) {
				break
			}
		}
		src.tell(turned, touched)
	}
}

// takeSift takes all that is to be sifted; nil where there is nothing, or nobody any more who would want to know.
func (src *Source) takeSift(ctx context.Context) (turned map[provider.Scope]bool, wants []sifted, view *glance) {
	turned, fresh, wants, view := src.copyForSift(ctx)
	kept := wants[:0]
	for _, s := range wants {
		if _, isFresh := fresh[s.need]; !isFresh && !restOn(s.scopes, turned) {
			continue
		}
		var ok bool
		if s.at, s.before, ok = view.stampsOf(s.scopes); ok {
			kept = append(kept, s)
		}
	}
	return turned, kept, view
}

// copyForSift copies what a sift has to look through, so that it can do so with no lock held.
func (src *Source) copyForSift(ctx context.Context) (turned map[provider.Scope]bool, fresh map[provider.Need]struct{}, wants []sifted, view *glance) {
	view = &glance{shown: map[provider.Scope]glimpse{}}
	src.mu.Lock()
	defer src.mu.Unlock()
	todo := &src.sifting
	if len(todo.scopes)+len(todo.fresh) == 0 || src.isRetired() || ctx.Err() != nil {
		todo.running = false
		return nil, nil, nil, view
	}
	turned, fresh = todo.scopes, todo.fresh
	todo.scopes, todo.fresh = map[provider.Scope]bool{}, map[provider.Need]struct{}{}
	if len(turned) > 0 {
		wants = make([]sifted, 0, len(src.wants))
		for n, w := range src.wants {
			wants = append(wants, sifted{need: n, want: w, scopes: w.scopes})
		}
		for _, sc := range src.scopes {
			view.takeLocked(sc)
		}
		return turned, fresh, wants, view
	}
	for n := range fresh {
		if w := src.wants[n]; w != nil {
			wants = append(wants, sifted{need: n, want: w, scopes: w.scopes})
			for _, id := range w.scopes {
				view.takeLocked(src.scopes[id])
			}
		}
	}
	return turned, fresh, wants, view
}

// concludeSift notes signatures, and whom they touch, by the scope that did. It returns false where the Source has retired.
func (src *Source) concludeSift(batch []sifted, signed []signature,
	turned map[provider.Scope]bool, touched map[provider.Scope]map[types.UID]struct{}) bool {
	src.mu.Lock()
	defer src.mu.Unlock()
	if src.isRetired() {
		return false
	}
	for i, s := range batch {
		// One that was dropped or leads elsewhere meanwhile is not this one any more.
		if w := src.wants[s.need]; w != s.want || !slices.Equal(w.scopes, s.scopes) || !w.told.sift(signed[i], s.at, s.before) {
			continue
		}
		because := s.scopes[0]
		for _, id := range s.scopes {
			if _, ok := turned[id]; ok {
				because = id
			}
		}
		if touched[because] == nil {
			touched[because] = map[types.UID]struct{}{}
		}
		for owner := range s.want.owners {
			touched[because][owner] = struct{}{}
		}
	}
	return true
}

// tell sends what came of a sift.
func (src *Source) tell(turned map[provider.Scope]bool, touched map[provider.Scope]map[types.UID]struct{}) {
	for id, isTurned := range turned {
		if isTurned && touched[id] == nil {
			touched[id] = nil
		}
	}
	for id, owners := range touched {
		src.sources.notifier.send(Change{
			StoreUID: src.store.UID, Scope: id, Owners: slices.Collect(maps.Keys(owners)), Turned: turned[id],
		})
	}
}
