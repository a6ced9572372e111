package source

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func TestLiveReadSeesWhatChangedBeforeIt(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		require.Equal(t, "x@1", f.value(f.get("a/x")))
		f.set(func() { f.vaults["a"]["x"] = 2 })
		time.Sleep(time.Millisecond)
		r := f.get("a/x")
		require.Equal(t, "x@2", f.value(r))
		require.False(t, r.Late)
		require.Equal(t, 2, f.count("revalidate"))
	})
}

func TestPictureThatIsNewEnoughCostsNothing(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		first := f.get("a/x")
		time.Sleep(4 * time.Second)
		r := f.getFrom(time.Now().Add(-5*time.Second), "a/x")
		require.Equal(t, first.Observed, r.Observed)
		require.False(t, r.Late)
		require.Equal(t, 1, f.count("revalidate"))
		time.Sleep(2 * time.Second)
		f.getFrom(time.Now().Add(-5*time.Second), "a/x")
		require.Equal(t, 2, f.count("revalidate"))
	})
}

func TestAbsenceIsNeverRemembered(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		require.Equal(t, provider.NotFound, f.reason(f.get("a/new")))
		f.set(func() { f.vaults["a"]["new"] = 1 })
		time.Sleep(time.Millisecond)
		require.Equal(t, "new@1", f.value(f.get("a/new")))
	})
}

func TestHundredReadersCostTwoRevalidations(t *testing.T) {
	enough := func(_ *backend, c *Config) { c.Limits.SourceWaiting = 100 }
	run(t, enough, func(t *testing.T, f *fixture) {
		f.delay = time.Second
		var readers sync.WaitGroup
		for i := range 100 {
			readers.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				asked := time.Now()
				r := f.get("a/x")
				if r.Err != nil || r.Late || r.Observed.Before(asked) {
					t.Errorf("reader %d: %v, observed %v before it asked", i, r.Err, asked.Sub(r.Observed))
				}
				if took := time.Since(asked); took > 2*time.Second {
					t.Errorf("reader %d took %v", i, took)
				}
			})
		}
		readers.Wait()
		require.Equal(t, 2, f.count("revalidate"))
		require.Equal(t, 1, f.most["revalidate a"])
	})
}

func TestReadersBeyondTheSeatsGetWhatIsHeld(t *testing.T) {
	for name, limits := range map[string]Limits{"of the Source": {SourceWaiting: 2}, "of all": {TotalWaiting: 2}} {
		t.Run(name, func(t *testing.T) { testSeats(t, limits) })
	}
}

func testSeats(t *testing.T, limits Limits) {
	run(t, func(_ *backend, c *Config) { c.Limits = limits }, func(t *testing.T, f *fixture) {
		f.get("a/x")
		f.set(func() { f.delay = time.Second })
		time.Sleep(time.Millisecond)
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() { f.get("a/x") })
		}
		synctest.Wait()
		asked := time.Now()
		r := f.get("a/x")
		require.Equal(t, "x@1", f.value(r))
		require.True(t, r.Late)
		require.Equal(t, asked, time.Now())
		require.Equal(t, provider.Unavailable, f.reason(f.get("b/z")), "nothing of b is held")
		readers.Wait()
		time.Sleep(2 * time.Second)
		require.False(t, f.get("a/x").Late, "seats are given back")
	})
}

func TestCallerThatLeavesCancelsNothing(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.delay = time.Second
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		r := f.src.Inputs(ctx, needs("a/x"), time.Now()).Result(need("a/x"))
		require.Equal(t, provider.Unavailable, f.reason(r))
		require.True(t, errors.Is(r.Err, context.Canceled))
		time.Sleep(time.Second)
		require.Equal(t, "x@1", f.value(f.src.Held(needs("a/x")).Result(need("a/x"))))
		require.Equal(t, 1, f.count("revalidate"))
	})
}

func TestCallerWhoseTimeIsOverGetsWhatIsHeld(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		first := f.get("a/x")
		f.set(func() { f.delay = 3 * time.Second })
		time.Sleep(time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := f.src.Inputs(ctx, needs("a/x"), time.Now()).Result(need("a/x"))
		require.Equal(t, "x@1", f.value(r))
		require.True(t, r.Late)
		require.Equal(t, first.Observed, r.Observed)
		time.Sleep(3 * time.Second)
	})
}

func TestFailureAnswersAllAndIsRememberedForOnePoll(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		good := f.get("a/x")
		f.set(func() {
			f.delay = time.Second
			f.fail = func(Operation, string) error { return provider.Errorf(provider.Unavailable, "503") }
		})
		time.Sleep(time.Millisecond)
		var readers sync.WaitGroup
		for i := range 10 {
			readers.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				r := f.get("a/x")
				if provider.ReasonOf(r.Err) != provider.Unavailable || !r.Observed.Equal(good.Observed) || !r.Late {
					t.Errorf("reader %d: %+v", i, r)
				}
			})
		}
		readers.Wait()
		require.Equal(t, 2, f.count("revalidate"))
		since, err := f.src.Failing()
		require.NoError(t, err, "nobody wants it")
		require.Zero(t, since)

		time.Sleep(8 * time.Second)
		f.get("a/x")
		require.Equal(t, 2, f.count("revalidate"))
		f.set(func() { f.fail = nil })
		time.Sleep(time.Second)
		require.Equal(t, "x@1", f.value(f.get("a/x")), "tried again and healed without a restart")
		require.Equal(t, 3, f.count("revalidate"))
	})
}

func TestOneScopeThatFailsFailsItsKeysAlone(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.fail = func(_ Operation, what string) error {
			if what == "b" {
				return provider.Errorf(provider.Forbidden, "no")
			}
			return nil
		}
		in := f.src.Inputs(t.Context(), needs("a/x", "b/z", "a|b/y", "a|b/z", "nonsense"), time.Now())
		require.Equal(t, 5, in.Len())
		require.Equal(t, "x@1", f.value(in.Result(need("a/x"))))
		require.Equal(t, "y@1", f.value(in.Result(need("a|b/y"))), "found before b is looked at")
		require.Equal(t, provider.Forbidden, f.reason(in.Result(need("b/z"))))
		require.Equal(t, provider.Forbidden, f.reason(in.Result(need("a|b/z"))))
		require.Equal(t, provider.Invalid, f.reason(in.Result(need("nonsense"))))
		require.Equal(t, 2, f.count("revalidate"))
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		first := f.get("a/x")
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a/x"))
		f.set(func() {
			f.fail = func(Operation, string) error {
				return &provider.Error{Reason: provider.RateLimited, Message: "slow down", RetryAfter: time.Minute}
			}
		})
		time.Sleep(time.Millisecond)
		r := f.get("a/x")
		require.Equal(t, "x@1", f.value(r), "a picture that is held is shown")
		require.True(t, r.Late)
		require.Equal(t, first.Observed, r.Observed)
		require.Equal(t, 2, f.count("revalidate"))
		time.Sleep(55 * time.Second)
		r = f.get("b/z")
		require.Equal(t, provider.RateLimited, f.reason(r), "it holds for the whole site")
		require.Equal(t, 5*time.Second, provider.RetryAfterOf(r.Err))
		require.Equal(t, 2, f.count("revalidate"))
		f.set(func() { f.fail = nil })
		time.Sleep(6 * time.Second)
		require.Equal(t, 3, f.count("revalidate"), "polls go on")
	})
}

func TestPanicOfAProviderIsAnErrorWithoutItsValue(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.boom = true
		r := f.get("a/x")
		require.Equal(t, provider.Unavailable, f.reason(r))
		require.NotContains(t, r.Err.Error(), "secret")
	})
}

func TestKeysAndCheck(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		require.NoError(t, f.src.Check(t.Context()))
		require.NoError(t, f.src.Check(t.Context()))
		require.Equal(t, 1, f.count("check"), "an answer holds for a poll interval")

		asked := time.Now()
		keys, err := f.src.Keys(t.Context(), Reader{}, asked)
		require.NoError(t, err)
		require.Len(t, keys.Keys, 3)
		require.False(t, keys.Late)
		require.Equal(t, 2, f.count("revalidate"))

		time.Sleep(11 * time.Second)
		require.NoError(t, f.src.Check(t.Context()))
		require.Equal(t, 1, f.count("check"), "a revalidation has shown as much")

		time.Sleep(10 * time.Second)
		f.set(func() {
			f.delay = time.Second
			f.fail = func(Operation, string) error { return provider.Errorf(provider.Unauthenticated, "refused") }
		})
		var checks sync.WaitGroup
		for range 10 {
			checks.Go(func() {
				if err := f.src.Check(t.Context()); provider.ReasonOf(err) != provider.Unauthenticated {
					t.Error(err)
				}
			})
		}
		checks.Wait()
		require.Equal(t, 2, f.count("check"), "ten share one")
		require.Equal(t, provider.Unauthenticated, f.reason(f.get("a/x")), "a refused credential is refused for all")
		require.Equal(t, 2, f.count("revalidate"))
	})
}
