package source

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// clusterStore makes the fixture's store one that all namespaces share.
func (f *fixture) clusterStore() {
	f.Helper()
	store := theStore
	store.UID, store.Kind, store.Namespace = "shared", "ClusterSecretStore", ""
	var err error
	f.src, err = f.sources.Get(store, token("one"))
	require.NoError(f.T, err)
}

// readAs is a live read of one namespace's ExternalSecret.
func (f *fixture) readAs(namespace string, keys ...string) map[string]provider.Result {
	f.Helper()
	whose := map[provider.Need]string{}
	for _, n := range needs(keys...) {
		whose[n] = namespace
	}
	in := f.src.InputsFor(f.Context(), Reader{User: "alice", Namespaces: whose}, needs(keys...), time.Now())
	results := map[string]provider.Result{}
	for _, k := range keys {
		results[k] = in.Result(need(k))
	}
	return results
}

func (f *fixture) holds(tenant string) holdings {
	f.src.mu.Lock()
	defer f.src.mu.Unlock()
	return f.src.tenants.own(tenant)
}

func (f *fixture) tenants() int {
	f.src.mu.Lock()
	defer f.src.mu.Unlock()
	return len(f.src.tenants)
}

func (f *fixture) requireNoHomes() {
	f.Helper()
	f.sources.mu.Lock()
	defer f.sources.mu.Unlock()
	require.Empty(f.T, f.sources.homes)
}

// fill has a namespace of many keys, each in a vault of its own or all in one, and returns them.
func (f *fixture) fill(name string, n int, ownVaults bool) []string {
	var keys []string
	f.set(func() {
		for i := range n {
			vault, item := name, fmt.Sprint("item", i)
			if ownVaults {
				vault, item = fmt.Sprint(name, i), "x"
			}
			if f.vaults[vault] == nil {
				f.vaults[vault] = map[string]int{}
			}
			f.vaults[vault][item] = 1
			keys = append(keys, vault+"/"+item)
		}
	})
	return keys
}

func failed(results map[string]provider.Result) (n int, one error) {
	for _, r := range results {
		if r.Err != nil {
			n, one = n+1, r.Err
		}
	}
	return n, one
}

// Of two tenants of one store one is greedy. What does not fit fails the greedy one alone, whoever came first, and whether
// the materializer follows the objects or somebody reads them.
func TestGreedyNamespaceCostsNoOther(t *testing.T) {
	for name, c := range map[string]struct {
		limits Limits
		parts  bool
		vaults bool
		// says is of the greedy one's error, fits how many of its keys fit.
		says string
		fits int
	}{
		"scopes": {limits: Limits{Scopes: 20}, vaults: true, says: "20 vaults or folders, which is as many as one may; name fewer, or use another store", fits: 20},
		"parts":  {limits: Limits{Parts: 20}, parts: true, says: "20 items, which is as many as one may; ask for fewer, or use another store", fits: 20},
		"bytes":  {limits: Limits{SourceBytes: 200}, vaults: true, says: "200 bytes that one store may hold; ask for less", fits: 20},
		"bytes of parts": {limits: Limits{SourceBytes: 210}, parts: true, says: "210 bytes that one store may hold; ask for less",
			fits: 20},
		"bytes of all stores": {limits: Limits{TotalBytes: 400}, vaults: true,
			says: `what namespace "greedy" asks for does not fit into the 200 bytes that all stores together may hold for one namespace`, fits: 20},
	} {
		t.Run(name, func(t *testing.T) {
			configure := func(b *backend, cfg *Config) { b.parts, cfg.Limits = c.parts, c.limits }
			run(t, configure, func(t *testing.T, f *fixture) {
				f.clusterStore()
				greedy := f.readAs("greedy", f.fill("greedy", 100, c.vaults)...)
				n, err := failed(greedy)
				require.Equal(t, 100-c.fits, n)
				require.ErrorContains(t, err, c.says)

				modest := f.fill("modest", 3, c.vaults)
				time.Sleep(time.Second)
				n, err = failed(f.readAs("modest", modest...))
				require.Zero(t, n, err)

				// A follower's wants are no other than its reads.
				follower := f.fill("follower", 1, c.vaults)
				f.sources.Lead(true)
				f.src.Want(uid(1), "follower", needs(follower...))
				f.src.Want(uid(2), "greedy", needs(f.fill("greed", 100, c.vaults)...))
				time.Sleep(11 * time.Second)
				n, err = failed(f.readAs("follower", follower...))
				require.Zero(t, n, err)
				n, _ = failed(f.readAs("greedy", f.fill("greedy", 100, c.vaults)...))
				require.GreaterOrEqual(t, n, 100-c.fits, "it gets no more than before")
			})
		})
	}
}

// Nothing is taken from a namespace that uses much of a store which nobody else needs, also when others come.
func TestRoomIsForWhoeverNeedsIt(t *testing.T) {
	run(t, func(_ *backend, c *Config) { c.Limits.Scopes = 20 }, func(t *testing.T, f *fixture) {
		f.clusterStore()
		big := f.fill("big", 18, true)
		n, err := failed(f.readAs("big", big...))
		require.Zero(t, n, err)
		n, err = failed(f.readAs("small", f.fill("small", 2, true)...))
		require.Zero(t, n, err)
		time.Sleep(time.Second)
		n, err = failed(f.readAs("big", big...))
		require.Zero(t, n, err)
	})
}

// What two namespaces use counts for neither of them.
func TestSharedThingsAreEverybodys(t *testing.T) {
	run(t, withParts, func(t *testing.T, f *fixture) {
		f.clusterStore()
		f.readAs("one", "a/x", "a/y")
		require.Equal(t, holdings{scopes: 1, parts: 2, bytes: 30}, f.holds("one"))
		time.Sleep(time.Second)
		f.readAs("two", "a/x", "b/z")
		require.Equal(t, holdings{parts: 1, bytes: 10}, f.holds("one"))
		require.Equal(t, holdings{scopes: 1, parts: 1, bytes: 20}, f.holds("two"))
		require.Equal(t, holdings{scopes: 1, parts: 1, bytes: 20}, f.holds(everybody))
		require.EqualValues(t, 10, f.sources.namespaces.of("one"))
		// One list may be for many namespaces: each need is its own's.
		whose := map[provider.Need]string{need("a/y"): "one", need("c/w"): "three"}
		f.set(func() { f.vaults["c"] = map[string]int{"w": 1} })
		f.src.InputsFor(t.Context(), Reader{Namespaces: whose}, needs("a/y", "c/w"), time.Now())
		require.Equal(t, holdings{scopes: 1, parts: 1, bytes: 20}, f.holds("three"))
		require.Equal(t, holdings{parts: 1, bytes: 10}, f.holds("one"))

		// Owners as well.
		f.src.Want(uid(1), "one", needs("b/z"))
		require.Equal(t, holdings{parts: 1, bytes: 10}, f.holds("two"))

		// What nobody needs any more is nobody's.
		f.src.Want(uid(1), "one", nil)
		time.Sleep(5 * time.Minute)
		require.Zero(t, f.tenants())
		require.Zero(t, f.sources.namespaces.of("one"))
		f.requireNoHomes()
		require.Zero(t, f.sources.bytes.Load())
	})
}

// A Source that another takes the place of leaves nothing behind.
func TestTenantsOfARetiredSource(t *testing.T) {
	run(t, withParts, func(t *testing.T, f *fixture) {
		f.clusterStore()
		f.src.Want(uid(1), "one", needs("a/x"))
		f.readAs("one", "a/x")
		store := f.src.store
		src, err := f.sources.Get(store, token("two"))
		require.NoError(t, err)
		require.Zero(t, f.sources.namespaces.of("one"))
		f.src = src
		f.readAs("one", "a/x")
		require.Equal(t, holdings{scopes: 1, parts: 1, bytes: 20}, f.holds("one"))
		require.EqualValues(t, 20, f.sources.namespaces.of("one"))
		f.sources.Forget(store.UID)
		require.Zero(t, f.sources.namespaces.of("one"))
		f.requireNoHomes()
	})
}

// What is read from what is held alone makes nothing be held.
func TestHeldHoldsNothing(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.clusterStore()
		keys := f.fill("many", 2000, true)
		in := f.src.Held(needs(keys...))
		require.Equal(t, provider.Unavailable, f.reason(in.Result(need(keys[0]))))
		require.Zero(t, f.holds(everybody).scopes)
		f.readAs("one", "a/x")
		f.src.Held(needs("a/x"))
		require.Equal(t, 1, f.holds("one").scopes, "nor does it share it")
	})
}

// Whose own store hangs keeps nobody else from waiting for another.
func TestOneUserHasHalfOfTheSeats(t *testing.T) {
	run(t, func(_ *backend, c *Config) { c.Limits.TotalWaiting = 10 }, func(t *testing.T, f *fixture) {
		f.delay = time.Second
		read := func(user, key string) provider.Result {
			return f.src.InputsFor(t.Context(), Reader{User: user}, needs(key), time.Now()).Result(need(key))
		}
		var greedy, modest sync.WaitGroup
		var served, refused, others atomic.Int64
		for range 20 {
			greedy.Go(func() {
				if r := read("greedy", "a/x"); r.Err != nil {
					refused.Add(1)
				} else {
					served.Add(1)
				}
			})
		}
		synctest.Wait()
		for i := range 5 {
			modest.Go(func() {
				if read(fmt.Sprint("modest-", i), "b/z").Err == nil {
					others.Add(1)
				}
			})
		}
		greedy.Wait()
		modest.Wait()
		require.EqualValues(t, 5, served.Load())
		require.EqualValues(t, 15, refused.Load())
		require.EqualValues(t, 5, others.Load())
		require.Empty(t, f.sources.seats.users)
		require.Zero(t, f.sources.seats.taken)
	})
}
