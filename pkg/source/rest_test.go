package source

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// busy is the answer of a provider that will be back in a while.
func busy(after time.Duration) *provider.Error {
	return &provider.Error{Reason: provider.Unavailable, Message: "503", RetryAfter: after}
}

// Whatever was asked for when the provider asked for a rest, nothing is asked until that is over.
func TestAnyCallMayBringARest(t *testing.T) {
	for op, cause := range map[Operation]func(f *fixture){
		Revalidate: func(f *fixture) { f.get("a/x") },
		Load:       func(f *fixture) { f.get("b/z") },
		Check:      func(f *fixture) { _ = f.src.Check(f.Context()) },
		Confirm: func(f *fixture) {
			f.set(func() { delete(f.vaults["b"], "z") })
			f.delete("b/z")
			time.Sleep(20 * time.Second)
			f.delete("b/z")
		},
	} {
		t.Run(string(op), func(t *testing.T) {
			run(t, withParts, func(t *testing.T, f *fixture) {
				f.src.Want(uid(1), "team", needs("b/z"))
				f.failing(op, 1, throttled(time.Minute))
				cause(f)
				asked := f.count("")
				require.Positive(t, f.count(string(op)))
				for range 59 {
					f.get("a/x")
					f.get("b/z")
					f.delete("b/z")
					_ = f.src.Check(t.Context())
					time.Sleep(time.Second)
				}
				require.Equal(t, asked, f.count(""))
				time.Sleep(2 * time.Second)
				require.Equal(t, "x@1", f.value(f.get("a/x")))
			})
		})
	}
}

// A provider that asks for a rest because it cannot answer is left alone with that scope by callers and polls.
func TestRestOfAScope(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a/x", "b/z"))
		time.Sleep(time.Second)
		f.set(func() {
			f.fail = func(_ Operation, what string) error {
				if what == "a" {
					return busy(time.Minute)
				}
				return nil
			}
		})
		time.Sleep(10 * time.Second)
		before, others := f.count("revalidate a"), f.count("revalidate b")
		for range 49 {
			r := f.get("a/x")
			require.Equal(t, provider.Unavailable, f.reason(r))
			time.Sleep(time.Second)
		}
		require.Equal(t, before, f.count("revalidate a"))
		require.Greater(t, f.count("revalidate b"), others+3)
		f.set(func() { f.fail = nil })
		time.Sleep(20 * time.Second)
		require.Equal(t, "x@1", f.value(f.src.Held(needs("a/x")).Result(need("a/x"))))
	})
}

func TestRestIsBounded(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.failing(Revalidate, 1, throttled(time.Hour))
		require.Equal(t, provider.RateLimited, f.reason(f.get("a/x")))
		time.Sleep(maxPause - time.Second)
		require.Equal(t, provider.RateLimited, f.reason(f.get("a/x")))
		time.Sleep(2 * time.Second)
		require.Equal(t, "x@1", f.value(f.get("a/x")))
	})
}

// All stores of a site with a known limit rest when one of them is told to. Of another host nobody knows whom a limit is
// for: there each store finds out for itself, and no tenant silences another.
func TestRestOfASite(t *testing.T) {
	for name, c := range map[string]struct {
		configure func(*backend, *Config)
		asked     int
	}{
		"with a limit":    {limited(1200), 1},
		"without a limit": {nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, c.configure, func(t *testing.T, f *fixture) {
				store := theStore
				store.UID = "uid-2"
				other, err := f.sources.Get(store, token("two"))
				require.NoError(t, err)
				f.failing(Revalidate, 1, throttled(time.Minute))
				f.get("a/x")
				other.Inputs(t.Context(), needs("a/x"), time.Now())
				require.Equal(t, c.asked, f.count("revalidate"))
			})
		})
	}
}

// A burst of readers meets a rest: no request, no error where there is something to show, and the true time of it.
func TestBurstDuringARest(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		held := f.get("a/x")
		f.failing(Revalidate, 1, throttled(time.Minute))
		time.Sleep(time.Second)
		f.get("b/z")
		asked := f.count("revalidate")
		began := time.Now()
		var readers sync.WaitGroup
		for range 500 {
			readers.Go(func() {
				r := f.get("a/x")
				if r.Err != nil || !r.Late || !r.Observed.Equal(held.Observed) {
					t.Errorf("%v, late %v, observed %v", r.Err, r.Late, r.Observed)
				}
			})
		}
		readers.Wait()
		require.Equal(t, began, time.Now())
		require.Equal(t, asked, f.count("revalidate"))
	})
}

// What waits for a place or a turn when the rest begins is not sent.
func TestRestHoldsWhatIsQueued(t *testing.T) {
	t.Run("revalidations", func(t *testing.T) {
		run(t, nil, func(t *testing.T, f *fixture) {
			f.delay = time.Second
			f.failing(Revalidate, 32, throttled(time.Minute))
			var readers sync.WaitGroup
			for i := range 60 {
				readers.Go(func() {
					if r := f.get(fmt.Sprintf("v%d/x", i)); provider.ReasonOf(r.Err) != provider.RateLimited {
						t.Error(r.Err)
					}
				})
			}
			readers.Wait()
			require.Equal(t, 32, f.count("revalidate"))
		})
	})
	t.Run("loads", func(t *testing.T) {
		run(t, withParts, func(t *testing.T, f *fixture) {
			var all []provider.Need
			for i := range 100 {
				f.vaults["a"][fmt.Sprint("item", i)] = 1
				all = append(all, need(fmt.Sprint("a/item", i)))
			}
			f.delay = time.Second
			f.failing(Load, 100, throttled(time.Minute))
			in := f.src.Inputs(t.Context(), all, time.Now())
			for _, n := range all {
				require.Equal(t, provider.RateLimited, f.reason(in.Result(n)))
			}
			require.Equal(t, 8, f.count("load"))
			f.set(func() { f.fail = nil })
			time.Sleep(time.Minute)
			in = f.src.Inputs(t.Context(), all, time.Now())
			for _, n := range all {
				require.NoError(t, in.Result(n).Err)
			}
			require.Equal(t, 108, f.count("load"))
		})
	})
	t.Run("tries", func(t *testing.T) {
		run(t, nil, func(t *testing.T, f *fixture) {
			f.retrying(3, "1s")
			f.set(func() {
				f.fail = func(_ Operation, what string) error {
					if what == "a" {
						return provider.Errorf(provider.Unavailable, "502")
					}
					return throttled(time.Minute)
				}
			})
			var readers sync.WaitGroup
			readers.Go(func() { f.get("a/x") })
			synctest.Wait()
			f.get("b/z")
			readers.Wait()
			require.Equal(t, 1, f.count("revalidate a"), "it waits to be tried again when the rest begins")
		})
	})
}
