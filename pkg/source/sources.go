package source

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Sources holds one Source for each store that is used, polls what somebody wants, and owns every goroutine that calls a
// provider.
type Sources struct {
	cfg      Config
	key      identityKey
	notifier *notifier
	life     *life
	// wake makes the poll loop look again.
	wake chan struct{}
	// turns is the poll loop's.
	turns turns

	lead  atomic.Bool
	bytes atomic.Int64
	// editions is how many pictures and parts were ever held.
	editions atomic.Uint64
	seats    seats
	// namespaces counts the bytes of each.
	namespaces namespaces

	mu      sync.Mutex
	closed  bool
	current map[types.UID]*Source
	// owners tells which stores an owner wants something of.
	owners map[types.UID]map[types.UID]struct{}
	// homes are the namespaces of owners.
	homes map[types.UID]string
	// sites are those with a known limit, by host. They stay the same.
	sites map[string]*site
}

// New makes Sources that do nothing before Run but what callers ask for.
func New(cfg Config) *Sources {
	cfg = cfg.withDefaults()
	s := &Sources{
		cfg:      cfg,
		key:      newIdentityKey(),
		notifier: newNotifier(cfg.Pulse),
		life:     newLife(),
		wake:     make(chan struct{}, 1),
		current:  map[types.UID]*Source{},
		owners:   map[types.UID]map[types.UID]struct{}{},
		homes:    map[types.UID]string{},
		sites:    map[string]*site{},

		seats:      seats{users: map[string]int{}},
		turns:      turns{},
		namespaces: namespaces{bytes: map[string]int64{}},
	}
	for host, perMinute := range cfg.Rates {
		s.sites[host] = newSite(host, perMinute)
	}
	return s
}

// Run polls and notifies until ctx ends. It returns when every goroutine of the Sources has ended and every client is
// closed; nothing asks a provider after that. It is called once.
func (s *Sources) Run(ctx context.Context) error {
	s.life.start(func(stopped context.Context) { s.notifier.run(stopped) })
	s.life.start(func(stopped context.Context) { s.pollLoop(stopped) })
	<-ctx.Done()
	s.life.stop()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, src := range s.current {
		src.client.Close()
	}
	clear(s.current)
	return nil
}

// Lead says whether this process polls. Followers ask a provider for callers alone.
func (s *Sources) Lead(lead bool) {
	if s.lead.Swap(lead) == lead {
		return
	}
	if !lead {
		for _, src := range s.all() {
			src.releaseExpectations()
		}
	}
	signal(s.wake)
}

// Subscribe has f called for every Change from now on, one after the other, from a goroutine of the Sources.
func (s *Sources) Subscribe(f func(Change)) { s.notifier.subscribe(f) }

// Get is the Source of a store with the content of its references. It does no I/O. Where spec.provider or material differ
// from those of the last call for the same UID, a new Source takes over what owners want, and the one before answers
// nobody any more: calls of Inputs that wait on it go on with the new one. The error is a *provider.Error, or says why
// the store's part of the spec cannot be used; the Source that there was then stays.
func (s *Sources) Get(store Store, material provider.Material) (*Source, error) {
	current := s.lookUp(store.UID)
	id, err := s.key.of(store, material, current)
	if err != nil {
		return nil, err
	}
	if current != nil && current.id == id {
		// A store that was written is another object, of the same spec mostly.
		current.spec.Store(store.Provider)
		return current, nil
	}
	src, err := s.connect(store, id, material)
	if err != nil {
		return nil, err
	}
	got, replaced := s.install(src)
	if got != src {
		src.client.Close()
	}
	if replaced != nil {
		replaced.retire(src)
	}
	if got == nil {
		return nil, errStopping()
	}
	return got, nil
}

// newEdition is an edition after all others.
func (s *Sources) newEdition() edition { return editionBefore + edition(s.editions.Add(1)) }

func (s *Sources) lookUp(uid types.UID) *Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current[uid]
}

func (s *Sources) all() []*Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*Source, 0, len(s.current))
	for _, src := range s.current {
		all = append(all, src)
	}
	return all
}

// connect makes a Source that is not installed yet.
func (s *Sources) connect(store Store, id identity, material provider.Material) (*Source, error) {
	for _, p := range s.cfg.Providers {
		if !p.In(store.Provider) {
			continue
		}
		address, err := p.Site(store.Provider)
		if err != nil {
			return nil, fmt.Errorf("reading the address of %s %q: %w", store.Kind, store.Name, err)
		}
		c, err := p.Connect(store.Provider, material, s.reach(store))
		if err != nil {
			return nil, fmt.Errorf("connecting %s %q: %w", store.Kind, store.Name, err)
		}
		// A host without a known limit has no bucket to share.
		budget, ok := s.sites[siteName(address.Hostname())]
		if !ok {
			budget = newSite("", 0)
		}
		return newSource(s, store, id, p.Name(), c, budget), nil
	}
	return nil, provider.Errorf(provider.Invalid, "%s %q names no provider that is built in", store.Kind, store.Name)
}

// reach is where a store may connect.
func (s *Sources) reach(store Store) *egress.Policy {
	if store.Namespace == "" {
		return nil
	}
	return s.cfg.Reach
}

// install makes src the current one of its store, unless an equal one came first, and returns the current one, nil after
// Run has ended, and the one that it replaced.
func (s *Sources) install(src *Source) (current, replaced *Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil
	}
	old := s.current[src.store.UID]
	if old != nil && old.id == src.id {
		return old, nil
	}
	if old != nil {
		src.inherit(old)
	}
	s.current[src.store.UID] = src
	return src, old
}

// Forget drops the Source of a store that is gone, and what owners want of it.
func (s *Sources) Forget(uid types.UID) {
	s.mu.Lock()
	src := s.current[uid]
	delete(s.current, uid)
	for owner, stores := range s.owners {
		delete(stores, uid)
		if len(stores) == 0 {
			s.dropOwnerLocked(owner)
		}
	}
	s.mu.Unlock()
	if src != nil {
		src.retire(nil)
	}
}
