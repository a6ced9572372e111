package source

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func TestOnlyTheLeaderPolls(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.src.Want(uid(1), "team", needs("a/x"))
		time.Sleep(time.Hour)
		require.Zero(t, f.count("revalidate"))
		f.sources.Lead(true)
		time.Sleep(time.Hour)
		polls := f.count("revalidate")
		require.GreaterOrEqual(t, polls, 360)
		require.LessOrEqual(t, polls, 400)
		f.sources.Lead(false)
		time.Sleep(time.Hour)
		require.Equal(t, polls, f.count("revalidate"))
	})
}

func TestPollsDoNotGrowWithOwners(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		for i := range 1000 {
			f.src.Want(uid(i), "team", needs("a/x", "a/y"))
		}
		time.Sleep(time.Minute)
		require.LessOrEqual(t, f.count("revalidate"), 8)
		require.Equal(t, 1, f.most["revalidate a"])
	})
}

func TestEveryTenthPollIsThorough(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a/x"))
		for f.count("revalidate") < 11 {
			require.Zero(t, f.count("thorough"))
			time.Sleep(time.Second)
		}
		time.Sleep(time.Second)
		require.Equal(t, 1, f.count("thorough"))
		for f.count("revalidate") < 21 {
			require.Equal(t, 1, f.count("thorough"))
			time.Sleep(time.Second)
		}
		require.Equal(t, 2, f.count("thorough"))
	})
}

func TestLiveReadsTakeThePlaceOfPolls(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a/x"))
		for range 100 {
			f.get("a/x")
			time.Sleep(3 * time.Second)
		}
		// 300 s hold three thorough polls, which live reads do not put off.
		require.Equal(t, 103, f.count("revalidate"))
		require.Equal(t, 3, f.count("thorough"))
	})
}

func TestChangesAreNotified(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		var mu sync.Mutex
		var seen []Change
		f.sources.Subscribe(func(c Change) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, c)
		})
		changes := func() []Change {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			defer func() { seen = nil }()
			return seen
		}
		turned := []Change{{StoreUID: theStore.UID, Scope: provider.Scope{Name: "a"}, Turned: true}}
		change := []Change{{StoreUID: theStore.UID, Scope: provider.Scope{Name: "a"}, Owners: []types.UID{uid(1)}}}
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a/x"))
		time.Sleep(time.Second)
		require.Equal(t, turned, changes(), "the first picture, from which nobody has been answered")
		time.Sleep(time.Minute)
		require.Empty(t, changes(), "nothing new")
		f.set(func() { f.vaults["a"]["x"]++ })
		time.Sleep(11 * time.Second)
		require.Equal(t, change, changes(), "another picture")
		f.set(func() {
			f.fail = func(Operation, string) error { return provider.Errorf(provider.Unavailable, "503") }
		})
		time.Sleep(time.Minute)
		require.Equal(t, turned, changes(), "it fails, once")
		_, err := f.src.Failing()
		require.Error(t, err)
		f.set(func() { f.fail = nil })
		time.Sleep(time.Minute)
		require.Equal(t, turned, changes(), "it answers again")
		_, err = f.src.Failing()
		require.NoError(t, err)
	})
}

func TestSubscriberThatBlocksHoldsUpNoRevalidation(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.changedAlways = true
		release := make(chan struct{})
		defer close(release)
		f.sources.Subscribe(func(Change) { <-release })
		for i := range 10 {
			f.src.Want(uid(i%3), "team", needs("a/x"))
			require.False(t, f.get("a/x").Late)
			time.Sleep(time.Second)
		}
		synctest.Wait()
		n := f.sources.notifier
		n.mu.Lock()
		defer n.mu.Unlock()
		require.Len(t, n.pending, 1, "changes of one scope that wait are one")
		require.Len(t, n.pending[0].owners, 3, "for all whom any of them touches")
	})
}

func TestPreparedWithTheNextPollCostsNothing(t *testing.T) {
	run(t, withParts, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		ready := make(chan int, 1000)
		for i := range 1000 {
			f.src.Want(uid(i), "team", needs("a/x"))
		}
		time.Sleep(time.Minute)
		polls := f.count("revalidate")
		due := time.Now()
		for i := range 1000 {
			f.src.Prepare(t.Context(), needs("a/x"), due, NextPoll, func() { ready <- i })
		}
		require.Equal(t, polls, f.count("revalidate"))
		for range 1000 {
			<-ready
		}
		require.LessOrEqual(t, time.Since(due), 10*time.Second)
		require.Equal(t, polls+1, f.count("revalidate"))
		asked := time.Now()
		r := f.getFrom(due, "a/x")
		require.Equal(t, "x@1", f.value(r))
		require.False(t, r.Late)
		require.Equal(t, asked, time.Now())
	})
}

func TestPrepareLoadsWhatIsCold(t *testing.T) {
	for _, urgency := range []Urgency{Now, NextPoll} {
		t.Run(fmt.Sprint(urgency), func(t *testing.T) {
			run(t, withParts, func(t *testing.T, f *fixture) {
				f.delay = 10 * time.Second / 4
				f.sources.Lead(true)
				f.src.Want(uid(1), "team", needs("a/x", "b/z"))
				ready := make(chan struct{})
				due := time.Now()
				f.src.Prepare(t.Context(), needs("a/x", "b/z"), due, urgency, func() { close(ready) })
				<-ready
				require.Equal(t, 5*time.Second, time.Since(due))
				require.Equal(t, "x@1", f.value(f.getFrom(due, "a/x")))
				require.Equal(t, "z@1", f.value(f.getFrom(due, "b/z")))
				require.Equal(t, 2, f.count("load"))
				require.Equal(t, 2, f.count("revalidate"))
			})
		})
	}
}

func TestThoseWhoAwaitAPollLookForThemselvesWhenTheLeadIsLost(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a/x"))
		f.get("a/x")
		time.Sleep(time.Second)
		ready := make(chan struct{})
		f.src.Prepare(t.Context(), needs("a/x"), time.Now(), NextPoll, func() { close(ready) })
		f.sources.Lead(false)
		<-ready
		require.Equal(t, 2, f.count("revalidate"))
	})
}
