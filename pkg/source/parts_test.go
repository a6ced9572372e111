package source

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func withParts(b *backend, _ *Config) { b.parts = true }

func TestPartIsLoadedOncePerVersion(t *testing.T) {
	run(t, withParts, func(t *testing.T, f *fixture) {
		f.delay = 100 * time.Millisecond
		var readers sync.WaitGroup
		for range 20 {
			readers.Go(func() {
				if r := f.get("a/x"); r.Err != nil {
					t.Error(r.Err)
				}
			})
		}
		readers.Wait()
		require.Equal(t, 1, f.count("load"))
		require.Equal(t, "x@1", f.value(f.get("a/x")))
		require.Equal(t, 1, f.count("load"))
		f.set(func() { f.vaults["a"]["x"] = 2 })
		time.Sleep(time.Millisecond)
		require.Equal(t, "x@2", f.value(f.get("a/x")))
		require.Equal(t, 2, f.count("load"))
	})
}

func TestColdVaultFillsUpAcrossDeadlines(t *testing.T) {
	run(t, withParts, func(t *testing.T, f *fixture) {
		f.delay = 200 * time.Millisecond
		var all []provider.Need
		for i := range 1000 {
			f.vaults["a"][fmt.Sprint("item", i)] = 1
			all = append(all, need(fmt.Sprint("a/item", i)))
		}
		began := time.Now()
		for rounds := 1; ; rounds++ {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			in := f.src.Inputs(ctx, all, began)
			cancel()
			missing := 0
			for _, n := range all {
				if r := in.Result(n); r.Err != nil {
					require.Equal(t, provider.Unavailable, f.reason(r))
					missing++
				}
			}
			if missing == 0 {
				break
			}
			require.Less(t, rounds, 7)
		}
		require.Equal(t, 1000, f.count("load"))
		require.Equal(t, 8, f.mostLoads)
		require.Equal(t, 1, f.count("revalidate"))
	})
}

func TestPartsSurviveAFailedRevalidation(t *testing.T) {
	run(t, withParts, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a/x"))
		f.get("a/x")
		f.set(func() {
			f.fail = func(op Operation, _ string) error {
				if op == Revalidate {
					return provider.Errorf(provider.Unavailable, "503")
				}
				return nil
			}
		})
		time.Sleep(5 * time.Minute)
		require.Equal(t, provider.Unavailable, f.reason(f.get("a/x")))
		f.set(func() { f.fail = nil })
		time.Sleep(10 * time.Second)
		require.Equal(t, "x@1", f.value(f.get("a/x")))
		require.Equal(t, 1, f.count("load"))
	})
}

func TestFailureOfAPartIsRememberedButItsAbsenceIsNot(t *testing.T) {
	for reason, loads := range map[provider.Reason]int{provider.Unavailable: 1, provider.NotFound: 3} {
		t.Run(string(reason), func(t *testing.T) {
			run(t, withParts, func(t *testing.T, f *fixture) {
				f.fail = func(op Operation, _ string) error {
					if op == Load {
						return provider.Errorf(reason, "no")
					}
					return nil
				}
				for range 3 {
					require.Equal(t, reason, f.reason(f.get("a/x")))
					time.Sleep(time.Second)
				}
				require.Equal(t, loads, f.count("load"))
				f.set(func() { f.fail = nil })
				time.Sleep(10 * time.Second)
				require.Equal(t, "x@1", f.value(f.get("a/x")))
			})
		})
	}
}

func TestWhatNobodyNeedsIsDropped(t *testing.T) {
	run(t, withParts, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a/x"))
		f.src.Want(uid(2), "team", needs("a/y", "b/z"))
		for _, key := range []string{"a/x", "a/y", "b/z"} {
			f.get(key)
		}
		require.EqualValues(t, 50, f.sources.bytes.Load(), "two pictures and three items")
		f.set(func() { f.vaults["a"]["x"] = 2 })
		time.Sleep(time.Millisecond)
		f.get("a/x")
		require.EqualValues(t, 60, f.sources.bytes.Load())
		time.Sleep(2 * time.Minute)
		require.EqualValues(t, 50, f.sources.bytes.Load(), "the old version is gone")

		f.sources.Release(uid(2))
		time.Sleep(2 * time.Minute)
		require.EqualValues(t, 20, f.sources.bytes.Load())
		before := f.count("revalidate b")
		time.Sleep(2 * time.Minute)
		require.Equal(t, before, f.count("revalidate b"), "not polled any more")
		require.Equal(t, 4, f.count("load"), "what is wanted was never loaded again")

		f.src.Want(uid(1), "team", nil)
		time.Sleep(2 * time.Minute)
		require.Zero(t, f.sources.bytes.Load())
	})
}

func TestWhatDoesNotFitFailsWhoAsksForIt(t *testing.T) {
	small := func(b *backend, c *Config) {
		b.parts = true
		c.Limits.SourceBytes = 35
		c.Limits.Scopes = 2
	}
	run(t, small, func(t *testing.T, f *fixture) {
		require.Equal(t, "x@1", f.value(f.get("a/x")))
		require.Equal(t, "y@1", f.value(f.get("a/y")))
		r := f.get("b/z")
		require.Equal(t, provider.Unavailable, f.reason(r))
		require.ErrorContains(t, r.Err, "35 bytes")
		require.Equal(t, "x@1", f.value(f.get("a/x")), "nobody else is concerned")
		r = f.get("c/z")
		require.Equal(t, provider.Invalid, f.reason(r))
		require.ErrorContains(t, r.Err, "2 vaults")
		require.EqualValues(t, 30, f.sources.bytes.Load())
	})
}

func TestAllSourcesTogetherAreBounded(t *testing.T) {
	small := func(_ *backend, c *Config) { c.Limits.TotalBytes = 25 }
	run(t, small, func(t *testing.T, f *fixture) {
		storeOf := func(n int) *Source {
			store := theStore
			store.UID, store.Namespace = uid(n), fmt.Sprint("team-", n)
			src, err := f.sources.Get(store, token("one"))
			require.NoError(t, err)
			return src
		}
		src := storeOf(3)
		require.Equal(t, "x@1", f.value(f.get("a/x")))
		require.Equal(t, "x@1", f.value(storeOf(2).Inputs(t.Context(), needs("a/x"), time.Now()).Result(need("a/x"))))
		r := src.Inputs(t.Context(), needs("a/x"), time.Now()).Result(need("a/x"))
		require.ErrorContains(t, r.Err, "25 bytes")
		f.sources.Forget(theStore.UID)
		require.EqualValues(t, 10, f.sources.bytes.Load())
		time.Sleep(10 * time.Second)
		r = src.Inputs(t.Context(), needs("a/x"), time.Now()).Result(need("a/x"))
		require.Equal(t, "x@1", f.value(r))
	})
}

func TestLoadsKeepToTheBudget(t *testing.T) {
	limited := func(b *backend, c *Config) {
		b.parts = true
		c.Rates = map[string]int{b.host: 40}
	}
	run(t, limited, func(t *testing.T, f *fixture) {
		var all []provider.Need
		for i := range 30 {
			f.vaults["a"][fmt.Sprint("item", i)] = 1
			all = append(all, need(fmt.Sprint("a/item", i)))
		}
		began := time.Now()
		ready := make(chan struct{})
		f.src.Want(uid(1), "team", all)
		f.src.Prepare(t.Context(), all, began, Now, func() { close(ready) })
		time.Sleep(time.Minute)
		require.LessOrEqual(t, f.count("load"), 20, "half of forty a minute")
		require.GreaterOrEqual(t, f.count("load"), 15)
		<-ready
		require.Equal(t, 30, f.count("load"))

		// What waits for its turn ends with the Source.
		f.set(func() { f.vaults["a"]["x"], f.vaults["a"]["y"] = 2, 2 })
		time.Sleep(time.Minute)
		for i := range 12 {
			f.set(func() { f.vaults["a"][fmt.Sprint("new", i)] = 1 })
			all = append(all, need(fmt.Sprint("a/new", i)))
		}
		f.src.Prepare(t.Context(), all, time.Now(), Now, func() {})
		time.Sleep(time.Second)
		f.sources.Forget(theStore.UID)
		loads := f.count("load")
		time.Sleep(time.Minute)
		require.Equal(t, loads, f.count("load"))
		require.True(t, f.isClosed(0))
	})
}
