package source

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func hangAll(Operation, string) bool { return true }

func TestAfterOneMissedDeadlineNobodyWaits(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		good := f.get("a/x")
		goodB := f.get("b/z")
		f.set(func() { f.hang = hangAll })
		time.Sleep(time.Millisecond)

		asked := time.Now()
		r := f.get("a/x")
		require.Equal(t, provider.Unavailable, f.reason(r))
		require.Equal(t, good.Observed, r.Observed)
		require.Equal(t, 4500*time.Millisecond, time.Since(asked), "one deadline, the Source's own")

		// Five hundred applies one after the other.
		asked = time.Now()
		for range 500 {
			require.Equal(t, provider.Unavailable, f.reason(f.get("a/x")))
			r := f.get("b/z")
			require.Equal(t, "z@1", f.value(r), "b is not known to fail")
			require.True(t, r.Late)
			require.Equal(t, goodB.Observed, r.Observed)
		}
		require.Equal(t, asked, time.Now())
		synctest.Wait()
		require.Equal(t, 4, f.count("revalidate"), "one missed, and one probe of b")

		// The probe of b hangs as well; after a poll interval there is another, for which nobody waits either.
		time.Sleep(9 * time.Second)
		require.Equal(t, provider.Unavailable, f.reason(f.get("b/z")))
		synctest.Wait()
		require.Equal(t, 4, f.count("revalidate"))
		time.Sleep(2 * time.Second)
		f.set(func() { f.hang = nil })
		asked = time.Now()
		require.Equal(t, provider.Unavailable, f.reason(f.get("a/x")))
		require.Equal(t, asked, time.Now())
		time.Sleep(time.Millisecond)
		r = f.get("a/x")
		require.Equal(t, "x@1", f.value(r), "the probe has healed it")
		require.False(t, r.Late)
	})
}

func TestScopeThatHangsAloneLeavesTheOthersAlone(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.get("b/z")
		f.hang = func(_ Operation, what string) bool { return what == "a" }
		var hanging sync.WaitGroup
		hanging.Go(func() { f.get("a/x") })
		time.Sleep(4 * time.Second)
		require.False(t, f.get("b/z").Late)
		hanging.Wait()
		time.Sleep(time.Millisecond)
		require.False(t, f.get("b/z").Late, "it answered while a hung: the Source is not to blame")
		asked := time.Now()
		require.Equal(t, provider.Unavailable, f.reason(f.get("a/x")))
		require.Equal(t, asked, time.Now())
	})
}

func TestPollsOfAHangingSourceAreProbes(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.set(func() {
			for i := range 20 {
				f.vaults[fmt.Sprint("v", i)] = map[string]int{"x": 1}
			}
		})
		f.sources.Lead(true)
		for i := range 20 {
			f.src.Want(uid(i), "team", needs(fmt.Sprintf("v%d/x", i)))
		}
		time.Sleep(11 * time.Second)
		before := f.count("revalidate")
		require.GreaterOrEqual(t, before, 40)
		f.set(func() { f.hang = hangAll })
		time.Sleep(time.Minute)
		// Those that were under way when the first missed its deadline, then a probe per poll interval.
		during := f.count("revalidate") - before
		require.LessOrEqual(t, during, 8+7+1)
		since, err := f.src.Failing()
		require.Error(t, err)
		require.Greater(t, time.Since(since), 40*time.Second)

		f.set(func() { f.hang = nil })
		time.Sleep(15 * time.Second)
		_, err = f.src.Failing()
		require.NoError(t, err)
		for i := range 20 {
			f.value(f.src.Held(needs(fmt.Sprintf("v%d/x", i))).Result(need(fmt.Sprintf("v%d/x", i))))
		}
	})
}

func TestRefusedCredentialIsTriedOncePerPoll(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.fail = func(Operation, string) error { return provider.Errorf(provider.Unauthenticated, "refused") }
		for i := range 20 {
			require.Equal(t, provider.Unauthenticated, f.reason(f.get("a/x")), i)
			require.Equal(t, provider.Unauthenticated, f.reason(f.get("b/z")), i)
		}
		require.Equal(t, 1, f.count("revalidate"))
		src, err := f.sources.Get(theStore, token("right"))
		require.NoError(t, err)
		f.set(func() { f.fail = nil })
		f.src = src
		require.Equal(t, "x@1", f.value(f.get("a/x")), "a new credential is used at once")
	})
}

func TestHangingStoreCostsNoOther(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.set(func() { f.hang = func(_ Operation, what string) bool { return what == "a" } })
		other := theStore
		other.UID = "uid-2"
		src, err := f.sources.Get(other, token("one"))
		require.NoError(t, err)
		var readers sync.WaitGroup
		for range 300 {
			readers.Go(func() { f.get("a/x") })
		}
		time.Sleep(time.Second)
		asked := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		require.NoError(t, src.Inputs(ctx, needs("b/z"), asked).Result(need("b/z")).Err)
		require.Equal(t, asked, time.Now())
		readers.Wait()
	})
}

func TestBudgetOfASite(t *testing.T) {
	limited := func(b *backend, c *Config) {
		b.host = "us.infisical.com"
		b.changedAlways = true
	}
	run(t, limited, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		for i := range 100 {
			f.set(func() { f.vaults[fmt.Sprint("v", i)] = map[string]int{"x": 1} })
			f.src.Want(uid(i), "team", needs(fmt.Sprintf("v%d/x", i)))
		}
		time.Sleep(5 * time.Minute)
		polls := f.count("revalidate")
		require.LessOrEqual(t, polls, 5*60, "polls take at most half and stretch")
		require.Greater(t, polls, 4*50)
		for i := range 100 {
			key := fmt.Sprintf("v%d/x", i)
			f.value(f.src.Held(needs(key)).Result(need(key)))
		}

		fresh, late := 0, 0
		for range 120 {
			r := f.get("a/x")
			f.value(r)
			if r.Late {
				late++
			} else {
				fresh++
			}
			time.Sleep(500 * time.Millisecond)
		}
		require.LessOrEqual(t, fresh, 60, "live reads take the other half")
		require.GreaterOrEqual(t, fresh, 50)
		require.Equal(t, 120, fresh+late)
	})
}

func TestBudgetThatIsUsedUpWithNothingHeld(t *testing.T) {
	one := func(b *backend, c *Config) { c.Rates = map[string]int{b.host: 2} }
	run(t, one, func(t *testing.T, f *fixture) {
		require.Equal(t, "x@1", f.value(f.get("a/x")))
		require.Equal(t, provider.RateLimited, f.reason(f.get("b/z")))
		require.Equal(t, 1, f.count("revalidate"))
	})
}

func TestThoseWhoAwaitAPollAreSentAwayByTheBreakerAndHearOfItsEnd(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a/x", "b/z"))
		time.Sleep(time.Second)
		f.set(func() { f.hang = hangAll })
		due := time.Now()
		ready := make(chan struct{}, 2)
		f.src.Prepare(t.Context(), needs("b/z"), due, NextPoll, func() { ready <- struct{}{} })
		f.get("a/x")
		<-ready
		require.Less(t, time.Since(due), 5*time.Second)
		require.True(t, f.getFrom(due, "b/z").Late)
		f.src.Prepare(t.Context(), needs("b/z"), due, NextPoll, func() { ready <- struct{}{} })
		<-ready

		// The probe that b's reader caused hangs, too; the provider is back just after it began.
		time.Sleep(5 * time.Second)
		changes := make(chan Change, 10)
		f.sources.Subscribe(func(c Change) { changes <- c })
		f.set(func() { f.hang = nil })
		time.Sleep(10 * time.Second)
		_, err := f.src.Failing()
		require.NoError(t, err)
		heard := map[string]bool{(<-changes).Scope.Name: true, (<-changes).Scope.Name: true}
		require.Equal(t, map[string]bool{"a": true, "b": true}, heard)
	})
}
