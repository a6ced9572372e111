package source

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// want is a need that owners have registered. It is guarded by Source.mu.
type want struct {
	owners map[types.UID]struct{}
	// tenant is the namespace of all owners, everybody where there are several.
	tenant string
	scopes []provider.Scope
	// last is the last answer, without its values: what Client.Confirm needs to know of it.
	last *provider.Answer
	// found is when the newest picture began that had the key, absent when the newest of those began in which it was
	// first missing.
	found, absent time.Time
	confirmation  *confirmation
	told          told
}

// Want registers all that owner, an object of a namespace, needs of the Source, in place of what it needed before; nothing,
// with no needs. What owners want is polled and kept.
func (src *Source) Want(owner types.UID, namespace string, needs []provider.Need) {
	s := src.sources
	s.mu.Lock()
	defer s.mu.Unlock()
	src = s.current[src.store.UID]
	if src == nil {
		return
	}
	if len(needs) == 0 {
		s.releaseLocked(owner, src.store.UID)
		return
	}
	if s.owners[owner] == nil {
		s.owners[owner] = map[types.UID]struct{}{}
	}
	s.owners[owner][src.store.UID] = struct{}{}
	s.homes[owner] = namespace
	src.setWants(owner, needs)
	signal(s.wake)
}

// Release drops what owner wants of every Source.
func (s *Sources) Release(owner types.UID) {
	s.Retain(owner)
}

// Retain drops what owner wants of every Source but those of stores.
func (s *Sources) Retain(owner types.UID, stores ...types.UID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for uid := range s.owners[owner] {
		if !slices.Contains(stores, uid) {
			s.releaseLocked(owner, uid)
		}
	}
}

// releaseLocked wants Sources.mu held.
func (s *Sources) releaseLocked(owner, store types.UID) {
	delete(s.owners[owner], store)
	if len(s.owners[owner]) == 0 {
		s.dropOwnerLocked(owner)
	}
	if src := s.current[store]; src != nil {
		src.setWants(owner, nil)
	}
}

// dropOwnerLocked wants Sources.mu held.
func (s *Sources) dropOwnerLocked(owner types.UID) {
	delete(s.owners, owner)
	delete(s.homes, owner)
}

// setWants wants Sources.mu held.
func (src *Source) setWants(owner types.UID, needs []provider.Need) {
	tenant := src.tenantOf(src.sources.homes[owner])
	needs = distinct(needs)
	scopes := src.scopesOfNew(needs)
	src.mu.Lock()
	defer src.unlock()
	if slices.Equal(src.owners[owner], needs) {
		return
	}
	before := src.owners[owner]
	kept := make(map[provider.Need]struct{}, len(needs))
	for _, n := range needs {
		kept[n] = struct{}{}
		src.addWantLocked(owner, n, tenant, scopes[n])
	}
	for _, n := range before {
		if _, ok := kept[n]; !ok {
			src.dropWantLocked(owner, n)
		}
	}
	src.owners[owner] = needs
	if len(needs) == 0 {
		delete(src.owners, owner)
	}
	src.untidy = true
	src.watchLocked()
}

func distinct(needs []provider.Need) []provider.Need {
	if len(needs) == 0 {
		return nil
	}
	seen := make(map[provider.Need]struct{}, len(needs))
	var out []provider.Need
	for _, n := range needs {
		if _, ok := seen[n]; !ok {
			seen[n] = struct{}{}
			out = append(out, n)
		}
	}
	return out
}

// scopesOfNew asks the client for the scopes of those needs that nobody has registered yet.
func (src *Source) scopesOfNew(needs []provider.Need) map[provider.Need][]provider.Scope {
	src.mu.Lock()
	known := src.watched
	var unknown []provider.Need
	for _, n := range needs {
		if src.wants[n] == nil {
			unknown = append(unknown, n)
		}
	}
	src.mu.Unlock()
	scopes := make(map[provider.Need][]provider.Scope, len(unknown))
	for _, n := range unknown {
		// A need whose scopes cannot be told is answered with that error, and has nothing to poll.
		scopes[n], _ = src.client.scopes(n, known)
	}
	return scopes
}

func (src *Source) addWantLocked(owner types.UID, n provider.Need, tenant string, scopes []provider.Scope) {
	w := src.wants[n]
	if w != nil && w.tenant != tenant {
		w.tenant = everybody
		for _, id := range w.scopes {
			src.shareLocked(&src.scopes[id].held, tenant)
		}
	}
	if w == nil {
		w = &want{owners: map[types.UID]struct{}{}, tenant: tenant}
		src.wants[n] = w
		src.rescopeLocked(w, scopes)
		src.freshLocked(n, w)
	}
	w.owners[owner] = struct{}{}
}

func (src *Source) dropWantLocked(owner types.UID, n provider.Need) {
	w := src.wants[n]
	delete(w.owners, owner)
	if len(w.owners) == 0 {
		src.rescopeLocked(w, nil)
		delete(src.wants, n)
	}
}

// rescopeLocked changes which scopes a want needs.
func (src *Source) rescopeLocked(w *want, scopes []provider.Scope) {
	before := w.scopes
	w.scopes = nil
	for _, id := range scopes {
		// A scope too many is left out: who asks for it is told.
		if sc, err := src.scopeLocked(id, w.tenant); err == nil {
			sc.wants++
			w.scopes = append(w.scopes, id)
		}
	}
	for _, id := range before {
		src.scopes[id].wants--
	}
}

// watchLocked notes which scopes are wanted.
func (src *Source) watchLocked() {
	var watched []provider.Scope
	for id, sc := range src.scopes {
		if sc.wants > 0 {
			watched = append(watched, id)
		}
	}
	slices.SortFunc(watched, func(a, b provider.Scope) int {
		if a.Recursive != b.Recursive {
			if a.Recursive {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	src.watched = watched
}

func (src *Source) watchedScopes() []provider.Scope {
	src.mu.Lock()
	defer src.mu.Unlock()
	return src.watched
}

// inherit takes over what owners want of the Source that this one replaces, and is not in use yet. A key that was absent
// has to be seen absent by this one; what a last answer says of a key holds while the store points to the same place.
func (src *Source) inherit(old *Source) {
	old.mu.Lock()
	owners := make(map[types.UID][]provider.Need, len(old.owners))
	wants := make(map[provider.Need]want, len(old.wants))
	for owner, needs := range old.owners {
		owners[owner] = needs
	}
	for n, w := range old.wants {
		wants[n] = *w
	}
	old.mu.Unlock()
	for owner, needs := range owners {
		src.setWants(owner, needs)
	}
	src.mu.Lock()
	defer src.unlock()
	for n, w := range src.wants {
		before := wants[n]
		w.told = before.told
		w.told.elsewhere()
		if old.id.spec == src.id.spec {
			w.last = before.last
		}
	}
}
