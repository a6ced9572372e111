package source

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Source is one store, seen with one credential. It is safe for concurrent use. One that a new credential or a new
// connection spec has replaced passes every call on to the one that took its place.
type Source struct {
	sources *Sources
	store   Store
	id      identity
	// spec is where spec.provider stands that id is of, as last seen.
	spec   atomic.Pointer[v1.SecretStoreProvider]
	client *client
	site   *site
	// retired is closed when another Source took the place of this one, or its store is gone.
	retired chan struct{}
	waiting atomic.Int64

	mu sync.Mutex
	// after is what runs when mu has been let go of.
	after []func()
	// successor is the Source that took this one's place; nil while there is none, and where the store is gone.
	successor *Source
	// calls counts the calls of the provider that are under way: the client is closed after the last.
	calls int

	scopes map[provider.Scope]*scope
	// watched is the sorted scopes that owners want: replaced, never changed.
	watched []provider.Scope
	owners  map[types.UID][]provider.Need
	wants   map[provider.Need]*want
	sifting sifting
	// wide are scopes that stand, or may stand, for several others.
	wide map[provider.Scope]*wide
	// untidy is set where something may be held that nobody needs.
	untidy   bool
	tidiedAt time.Time

	breaker breaker
	// answered is when a call of the provider last ended well, seen when the last revalidation that did began.
	answered, seen time.Time
	check          *checkup

	running, polling int
	// surveyAt is until when scopes are polled one by one: a survey has told nothing.
	surveyAt time.Time
	// queue is the scopes whose next flight waits for a free place.
	queue []*scope

	loading int
	// unloaded is the parts that wait for a free place.
	unloaded []*part
	parts    int
	bytes    int64
	tenants  tenants
}

func newSource(s *Sources, store Store, id identity, name string, c provider.Client, budget *site) *Source {
	retired := make(chan struct{})
	src := &Source{
		sources: s,
		store:   store,
		id:      id,
		client: &client{
			Client:  c,
			name:    name,
			label:   storeName(store),
			timeout: s.cfg.CallTimeout,
			retry:   retryOf(store.Retry),
			site:    budget,
			retired: retired,
			metrics: s.cfg.Metrics,
			log:     s.cfg.Logger.With("store", storeName(store)),
			tracing: s.cfg.Tracing,
		},
		site:    budget,
		retired: retired,
		scopes:  map[provider.Scope]*scope{},
		owners:  map[types.UID][]provider.Need{},
		wants:   map[provider.Need]*want{},
		sifting: sifting{scopes: map[provider.Scope]bool{}, fresh: map[provider.Need]struct{}{}},
		tenants: tenants{},
		wide:    map[provider.Scope]*wide{},
	}
	src.spec.Store(store.Provider)
	return src
}

func storeName(store Store) string {
	if store.Namespace == "" {
		return store.Kind + "/" + store.Name
	}
	return store.Kind + "/" + store.Namespace + "/" + store.Name
}

// unlock lets go of mu and then runs what was put off until it is.
func (src *Source) unlock() {
	after := src.after
	src.after = nil
	src.mu.Unlock()
	for _, f := range after {
		f()
	}
}

// callLocked runs a call of the provider in a goroutine of the Sources. It returns false where they have stopped.
func (src *Source) callLocked(call func(context.Context)) bool {
	if src.isRetired() {
		return false
	}
	ok := src.sources.life.start(func(ctx context.Context) {
		call(ctx)
		src.mu.Lock()
		defer src.unlock()
		src.calls--
		if src.calls == 0 && src.isRetired() {
			src.after = append(src.after, src.client.Close)
		}
	})
	if ok {
		src.calls++
	}
	return ok
}

func (src *Source) isRetired() bool {
	select {
	case <-src.retired:
		return true
	default:
		return false
	}
}

// retire makes every call, those that wait included, go on with successor; nil where the store is gone. What is under way
// at the provider ends as it may and is thrown away.
func (src *Source) retire(successor *Source) {
	src.mu.Lock()
	src.successor = successor
	close(src.retired)
	for _, sc := range src.scopes {
		src.abandonLocked(sc)
		src.disperseLocked(sc.current)
		src.dropShareLocked(&sc.held)
		for _, p := range sc.parts {
			src.disperseLocked(p.flight)
			src.dropShareLocked(&p.held)
		}
	}
	src.unloaded, src.queue = nil, nil
	src.releaseLocked(src.bytes)
	src.scopes = map[provider.Scope]*scope{}
	unsifted := src.unsiftedLocked()
	src.wants, src.owners, src.watched, src.wide = nil, nil, nil, nil
	dispersed := src.after
	src.after = nil
	unused := src.calls == 0
	src.mu.Unlock()

	if unused {
		src.client.Close()
	}
	if successor != nil {
		successor.doubt(unsifted)
	}
	// They may have much to do, which is not for the caller of Get.
	src.sources.life.start(func(context.Context) {
		for _, f := range dispersed {
			f()
		}
	})
}

// disperseLocked sends those that are parked at f away. Those that wait otherwise see that the Source has retired.
func (src *Source) disperseLocked(f *flight) {
	if f != nil {
		src.after = append(src.after, f.then...)
		f.then = nil
	}
}

// following is the Source that stands for this one now, and an error where its store is gone.
func (src *Source) following() (*Source, error) {
	for src.isRetired() {
		src.mu.Lock()
		next := src.successor
		src.mu.Unlock()
		if next == nil {
			return nil, provider.Errorf(provider.Unavailable, "%s %q was deleted", src.store.Kind, src.store.Name)
		}
		src = next
	}
	return src, nil
}

// Failing tells since when the Source could not be read, in whole or in a scope that somebody wants, and why: the oldest
// failure that still stands. The error is nil where nothing fails.
func (src *Source) Failing() (since time.Time, err error) {
	src, err = src.following()
	if err != nil {
		return time.Time{}, err
	}
	src.mu.Lock()
	defer src.mu.Unlock()
	if b := src.breaker.cause; b != nil {
		since, err = src.breaker.since, b.err
	}
	for _, sc := range src.scopes {
		if sc.failure != nil && sc.wants > 0 && (err == nil || sc.since.Before(since)) {
			since, err = sc.since, sc.failure.err
		}
	}
	return since, err
}
