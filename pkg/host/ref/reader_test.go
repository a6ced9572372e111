package ref

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

var (
	token = host.Object{Kind: host.KindSecret, Namespace: "team", Name: "connect-token"}
	ca    = host.Object{Kind: host.KindConfigMap, Namespace: "team", Name: "roots"}

	tokenRef = provider.Reference{Purpose: "token", Name: "connect-token", Key: "token", Field: "provider.p.tokenRef"}
	caRef    = provider.Reference{Purpose: "ca", ConfigMap: true, Name: "roots", Key: "ca.crt", Field: "provider.p.caProvider"}
)

func newReader(f *fakeHost) (*Reader, *clocktesting.FakePassiveClock) {
	clock := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
	return New(Config{Objects: f, Index: f, Clock: clock}), clock
}

// tokenNow is the token that a SecretStore of the namespace team is given.
func tokenNow(t *testing.T, r *Reader) (string, error) {
	t.Helper()
	material, err := r.Material(t.Context(), "team", []provider.Reference{tokenRef})
	if err != nil {
		require.Nil(t, material)
		return "", err
	}
	return string(material["token"].Bytes()), nil
}

func TestASteadyHostIsReadOnce(t *testing.T) {
	f := newFakeHost()
	f.put(token, "token", "t-1")
	f.put(ca, "ca.crt", "PEM")
	r, clock := newReader(f)
	for range 10 {
		material, err := r.Material(t.Context(), "team", []provider.Reference{tokenRef, caRef})
		require.NoError(t, err)
		require.Len(t, material, 2)
		require.Equal(t, "t-1", string(material["token"].Bytes()))
		require.Equal(t, "PEM", string(material["ca"].Bytes()))
		clock.SetTime(clock.Now().Add(time.Hour))
	}
	require.Equal(t, 1, f.count(token))
	require.Equal(t, 1, f.count(ca))
}

func TestARotatedSecretIsReadAgain(t *testing.T) {
	f := newFakeHost()
	f.put(token, "token", "t-1")
	r, _ := newReader(f)
	for i := 1; i <= 3; i++ {
		f.put(token, "token", fmt.Sprintf("t-%d", i))
		for range 3 {
			got, err := tokenNow(t, r)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("t-%d", i), got)
		}
		require.Equal(t, i, f.count(token))
	}
}

// TestAWatchThatLags reads an object that is newer than the watch shows: until the watch moves it is not read again, nor
// when the watch arrives at what was read.
func TestAWatchThatLags(t *testing.T) {
	f := newFakeHost()
	f.put(token, "token", "t-1")
	f.set(func(f *fakeHost) { f.lagging = true })
	f.put(token, "token", "t-2")
	r, _ := newReader(f)
	for range 3 {
		got, err := tokenNow(t, r)
		require.NoError(t, err)
		require.Equal(t, "t-2", got)
	}
	f.set(func(f *fakeHost) { f.lagging = false })
	_, err := tokenNow(t, r)
	require.NoError(t, err)
	require.Equal(t, 1, f.count(token))
}

func TestWhatIsMissing(t *testing.T) {
	f := newFakeHost()
	r, _ := newReader(f)
	for range 3 {
		_, err := tokenNow(t, r)
		require.EqualError(t, err, "Secret team/connect-token does not exist")
		require.Equal(t, provider.Invalid, provider.ReasonOf(err))
	}
	require.Zero(t, f.count(token), "what the watch knows not to be there is not asked for")

	f.put(token, "other", "canary")
	_, err := tokenNow(t, r)
	require.EqualError(t, err, "Secret team/connect-token has no key token")
	require.Equal(t, provider.Invalid, provider.ReasonOf(err))

	f.put(token, "token", "t-1")
	got, err := tokenNow(t, r)
	require.NoError(t, err)
	require.Equal(t, "t-1", got)

	f.drop(token)
	_, err = tokenNow(t, r)
	require.Error(t, err, "content does not outlive its object")
}

func TestBeforeTheWatchHasBegun(t *testing.T) {
	f := newFakeHost()
	f.unsynced = true
	r, clock := newReader(f)

	_, err := tokenNow(t, r)
	require.EqualError(t, err, "Secret team/connect-token does not exist")
	f.put(token, "token", "t-1")
	clock.SetTime(clock.Now().Add(holdOff))
	for range 2 {
		got, err := tokenNow(t, r)
		require.NoError(t, err)
		require.Equal(t, "t-1", got)
	}
	require.Equal(t, 3, f.count(token), "nothing tells whether it has changed")

	f.set(func(f *fakeHost) { f.unsynced = false })
	_, err = tokenNow(t, r)
	require.NoError(t, err)
	require.Equal(t, 3, f.count(token), "the watch shows what was read")
}

func TestWhileTheHostIsDown(t *testing.T) {
	f := newFakeHost()
	f.put(token, "token", "t-1")
	f.put(ca, "ca.crt", "PEM")
	r, clock := newReader(f)
	_, err := tokenNow(t, r)
	require.NoError(t, err)

	f.set(func(f *fakeHost) { f.down = errors.New("connection refused") })
	got, err := tokenNow(t, r)
	require.NoError(t, err)
	require.Equal(t, "t-1", got)
	require.Equal(t, 1, f.count(token))

	t.Run("a change that cannot be read", func(t *testing.T) {
		f.put(token, "token", "t-2")
		for range 3 {
			got, err := tokenNow(t, r)
			require.NoError(t, err)
			require.Equal(t, "t-1", got)
		}
		require.Equal(t, 2, f.count(token), "the host is left alone for a while")
		clock.SetTime(clock.Now().Add(holdOff))
		_, err = tokenNow(t, r)
		require.NoError(t, err)
		require.Equal(t, 3, f.count(token))
	})
	t.Run("what was never read", func(t *testing.T) {
		for range 3 {
			_, err := r.Material(t.Context(), "team", []provider.Reference{caRef})
			require.Equal(t, provider.Unavailable, provider.ReasonOf(err))
		}
		require.Equal(t, 1, f.count(ca))
	})
	t.Run("the host returns", func(t *testing.T) {
		f.set(func(f *fakeHost) { f.down = nil })
		clock.SetTime(clock.Now().Add(holdOff))
		got, err := tokenNow(t, r)
		require.NoError(t, err)
		require.Equal(t, "t-2", got)
		_, err = r.Material(t.Context(), "team", []provider.Reference{caRef})
		require.NoError(t, err)
	})
}

// gate holds reads until it is opened, and says when the first has come.
type gate struct {
	arrived chan struct{}
	open    chan struct{}
	once    sync.Once
}

func newGate(f *fakeHost) *gate {
	g := &gate{arrived: make(chan struct{}), open: make(chan struct{})}
	f.set(func(f *fakeHost) {
		f.block = func(ctx context.Context) error {
			g.once.Do(func() { close(g.arrived) })
			select {
			case <-g.open:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	return g
}

func TestManyAskOneReads(t *testing.T) {
	for _, unsynced := range []bool{false, true} {
		t.Run(fmt.Sprintf("unsynced %t", unsynced), func(t *testing.T) {
			f := newFakeHost()
			f.unsynced = unsynced
			f.put(token, "token", "t-1")
			r, _ := newReader(f)
			g := newGate(f)
			flight, results := ask(t, r, 50)
			<-g.arrived
			flight.Wait()
			close(g.open)
			for range 50 {
				require.NoError(t, <-results)
			}
			require.Equal(t, 1, f.count(token))
		})
	}
}

// ask has n callers ask for the token; the group is done when every one of them is about to.
func ask(t *testing.T, r *Reader, n int) (*sync.WaitGroup, <-chan error) {
	var asking sync.WaitGroup
	results := make(chan error, n)
	for range n {
		asking.Add(1)
		go func() {
			asking.Done()
			_, err := r.Material(t.Context(), "team", []provider.Reference{tokenRef})
			results <- err
		}()
	}
	return &asking, results
}

func TestACallerThatGivesUpTakesNobodyAlong(t *testing.T) {
	f := newFakeHost()
	f.put(token, "token", "t-1")
	r, _ := newReader(f)
	g := newGate(f)

	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() {
		_, err := r.Material(ctx, "team", []provider.Reference{tokenRef})
		gaveUp <- err
	}()
	<-g.arrived
	asking, results := ask(t, r, 1)
	asking.Wait()
	cancel()
	err := <-gaveUp
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, provider.Unavailable, provider.ReasonOf(err))
	close(g.open)
	require.NoError(t, <-results)
}

// TestAReadOvertakenByAChange joins a read that began before the watch moved: what it brings is not good enough.
func TestAReadOvertakenByAChange(t *testing.T) {
	f := newFakeHost()
	f.put(token, "token", "t-1")
	r, _ := newReader(f)
	g := newGate(f)
	first := make(chan string, 1)
	go func() {
		got, _ := tokenNow(t, r)
		first <- got
	}()
	<-g.arrived
	f.put(token, "token", "t-2")
	second := make(chan string, 1)
	go func() {
		got, _ := tokenNow(t, r)
		second <- got
	}()
	close(g.open)
	require.Equal(t, "t-1", <-first)
	require.Equal(t, "t-2", <-second)
	require.Equal(t, 2, f.count(token))
}

func TestTheCacheIsBounded(t *testing.T) {
	f := newFakeHost()
	r := New(Config{Objects: f, Index: f, MaxBytes: 64 << 10})
	big := string(make([]byte, 8<<10))
	refs := make([]provider.Reference, 100)
	for i := range refs {
		name := fmt.Sprintf("s-%d", i)
		f.put(host.Object{Kind: host.KindSecret, Namespace: "team", Name: name}, "k", big)
		refs[i] = provider.Reference{Purpose: name, Name: name, Key: "k"}
	}
	_, err := r.Material(t.Context(), "team", refs)
	require.NoError(t, err)
	require.LessOrEqual(t, r.cache.bytes, 64<<10)
	require.Len(t, r.cache.entries, r.cache.order.Len())

	last := host.Object{Kind: host.KindSecret, Namespace: "team", Name: "s-99"}
	_, err = r.Material(t.Context(), "team", refs[99:])
	require.NoError(t, err)
	require.Equal(t, 1, f.count(last), "what was used last is kept")
}
