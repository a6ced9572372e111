package source

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func TestSameStoreIsTheSameSource(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		renamed := theStore
		renamed.Name = "other"
		copied := *theStore.Provider
		renamed.Provider = &copied
		src, err := f.sources.Get(renamed, token("one"))
		require.NoError(t, err)
		require.Same(t, f.src, src)
		require.Len(t, f.clients, 1)
	})
}

func TestWhatMakesAnotherSource(t *testing.T) {
	host := "https://connect.example.com"
	for name, c := range map[string]struct {
		spec     v1.OnePasswordProvider
		material provider.Material
	}{
		"another credential":        {v1.OnePasswordProvider{}, token("two")},
		"another kind of material":  {v1.OnePasswordProvider{}, provider.Material{"ca": token("one")["token"]}},
		"another connection":        {v1.OnePasswordProvider{ConnectHost: host}, token("one")},
		"material beside the other": {v1.OnePasswordProvider{}, provider.Material{"token": token("one")["token"], "ca": {}}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, nil, func(t *testing.T, f *fixture) {
				store := theStore
				store.Provider = &v1.SecretStoreProvider{OnePassword: &c.spec}
				src, err := f.sources.Get(store, c.material)
				require.NoError(t, err)
				require.NotSame(t, f.src, src)
				require.Len(t, f.clients, 2)
				require.True(t, f.isClosed(0))
			})
		})
	}
}

func TestStoreThatCannotConnect(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		_, err := f.sources.Get(theStore, token("malformed"))
		require.Equal(t, provider.Invalid, provider.ReasonOf(err))
		store := theStore
		store.Provider = &v1.SecretStoreProvider{}
		_, err = f.sources.Get(store, nil)
		require.Equal(t, provider.Invalid, provider.ReasonOf(err))
		require.Equal(t, "x@1", f.value(f.get("a/x")), "the Source that there was stays")
	})
}

func TestWaitingReadersGoOnWithTheNewCredential(t *testing.T) {
	run(t, withParts, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a/x"))
		f.get("a/x")
		f.set(func() { f.delay = time.Second })
		time.Sleep(time.Millisecond)
		var waiting sync.WaitGroup
		for range 10 {
			waiting.Go(func() {
				if r := f.get("a/x"); r.Err != nil || r.Late || r.Answer.Version != "1" {
					t.Errorf("%+v", r)
				}
			})
		}
		ready := make(chan struct{}, 2)
		f.src.Prepare(t.Context(), needs("a/x"), time.Now(), Now, func() { ready <- struct{}{} })
		f.src.Prepare(t.Context(), needs("a/x"), time.Now(), NextPoll, func() { ready <- struct{}{} })
		time.Sleep(500 * time.Millisecond)
		src, err := f.sources.Get(theStore, token("two"))
		require.NoError(t, err)
		require.False(t, f.isClosed(0), "a call is under way")
		waiting.Wait()
		<-ready
		<-ready
		require.True(t, f.isClosed(0))
		require.Equal(t, "1", f.src.Held(needs("a/x")).Result(need("a/x")).Answer.Version, "the old Source passes on")
		time.Sleep(time.Minute)
		require.GreaterOrEqual(t, f.count("revalidate"), 8, "what owners want is polled with the new one")
		require.NoError(t, src.Check(t.Context()))
		keys, err := f.src.Keys(t.Context(), Reader{}, time.Now())
		require.NoError(t, err)
		require.Len(t, keys.Keys, 3)
	})
}

func TestForgottenStoreAnswersNobody(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a/x"))
		f.get("a/x")
		f.set(func() { f.delay = time.Second })
		time.Sleep(time.Millisecond)
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if r := f.get("a/x"); provider.ReasonOf(r.Err) != provider.Unavailable {
				t.Errorf("%+v", r)
			}
		})
		synctest.Wait()
		f.sources.Forget(theStore.UID)
		asked := time.Now()
		waiting.Wait()
		require.Equal(t, asked, time.Now())
		require.Equal(t, provider.Unavailable, f.reason(f.src.Held(needs("a/x")).Result(need("a/x"))))
		require.Error(t, f.src.Check(t.Context()))
		f.src.Want(uid(1), "team", needs("a/x"))
		before := f.count("revalidate")
		time.Sleep(time.Minute)
		require.Equal(t, before, f.count("revalidate"))
		require.Empty(t, f.sources.owners)
		require.Zero(t, f.sources.bytes.Load())
	})
}

func TestRetainDropsTheOtherStores(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		other := theStore
		other.UID = "uid-2"
		src, err := f.sources.Get(other, token("one"))
		require.NoError(t, err)
		f.src.Want(uid(1), "team", needs("a/x", "a/x"))
		src.Want(uid(1), "team", needs("b/z"))
		f.sources.Retain(uid(1), other.UID)
		f.sources.Lead(true)
		time.Sleep(time.Minute)
		require.Zero(t, f.count("revalidate a"))
		require.NotZero(t, f.count("revalidate b"))
		f.sources.Release(uid(1))
		require.Empty(t, f.sources.owners)
		require.Empty(t, src.wants)
	})
}

func TestStopEndsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackend(t)
		b.delay = 4 * time.Second
		s := New(Config{Providers: []provider.Provider{b}, Limits: Limits{Revalidations: 1}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		src, err := s.Get(theStore, token("one"))
		require.NoError(t, err)
		var waiting sync.WaitGroup
		for _, key := range []string{"a/x", "b/z", "a/x"} {
			waiting.Go(func() {
				r := src.Inputs(t.Context(), needs(key), time.Now()).Result(need(key))
				if provider.ReasonOf(r.Err) != provider.Unavailable {
					t.Errorf("%+v", r)
				}
			})
			time.Sleep(time.Second)
		}
		stopped := time.Now()
		cancel()
		require.NoError(t, <-ended)
		waiting.Wait()
		require.Equal(t, stopped, time.Now())
		require.True(t, b.clients[0].closed)

		_, err = s.Get(theStore, token("two"))
		require.Error(t, err)
		require.True(t, b.clients[1].closed)
		r := src.Inputs(t.Context(), needs("a/x"), time.Now()).Result(need("a/x"))
		require.Equal(t, provider.Unavailable, provider.ReasonOf(r.Err))
		require.Error(t, src.Check(t.Context()))
	})
}
