package ref

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
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
	return New(Config{Objects: f, Index: f, Clock: clock, Metrics: f}), clock
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
	require.Equal(t, 1, f.count(token), "the host is asked once in a while: its watch may lag")

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

// After the host was away, its watch may lag for half a minute: what is there all the same is read, and what is gone again
// does not stay.
func TestWhatTheWatchHasNotSeen(t *testing.T) {
	f := newFakeHost()
	r, clock := newReader(f)
	f.set(func(f *fakeHost) { f.lagging = true })
	f.put(token, "token", "t-1")
	for range 3 {
		got, err := tokenNow(t, r)
		require.NoError(t, err)
		require.Equal(t, "t-1", got)
	}
	require.Equal(t, 1, f.count(token))

	f.drop(token)
	clock.SetTime(clock.Now().Add(2 * holdOff))
	_, err := tokenNow(t, r)
	require.EqualError(t, err, "Secret team/connect-token does not exist")
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

// hold keeps reads from answering until the gate that it returns is closed.
func hold(f *fakeHost) (gate chan struct{}) {
	gate = make(chan struct{})
	f.set(func(f *fakeHost) {
		f.block = func(ctx context.Context) error {
			select {
			case <-gate:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	return gate
}

// ask has a caller ask for the token, and returns when it waits for an answer.
func ask(ctx context.Context, r *Reader) <-chan string {
	answer := make(chan string, 1)
	go func() {
		material, err := r.Material(ctx, "team", []provider.Reference{tokenRef})
		if err != nil {
			answer <- err.Error()
			return
		}
		answer <- string(material["token"].Bytes())
	}()
	synctest.Wait()
	return answer
}

func TestManyAskOneReads(t *testing.T) {
	for _, unsynced := range []bool{false, true} {
		t.Run(fmt.Sprintf("unsynced %t", unsynced), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeHost()
				f.unsynced = unsynced
				f.put(token, "token", "t-1")
				r, _ := newReader(f)
				gate := hold(f)
				var answers []<-chan string
				for range 50 {
					answers = append(answers, ask(t.Context(), r))
				}
				close(gate)
				for _, answer := range answers {
					require.Equal(t, "t-1", <-answer)
				}
				require.Equal(t, 1, f.count(token))
			})
		})
	}
}

func TestACallerThatGivesUpTakesNobodyAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost()
		f.put(token, "token", "t-1")
		r, _ := newReader(f)
		gate := hold(f)
		ctx, cancel := context.WithCancel(t.Context())
		first, second := ask(ctx, r), ask(t.Context(), r)
		cancel()
		require.Equal(t, "Secret team/connect-token could not be read in time", <-first)
		close(gate)
		require.Equal(t, "t-1", <-second)
		require.Equal(t, 2, f.count(token))

		f.put(ca, "ca.crt", "PEM")
		f.set(func(f *fakeHost) { f.down = ctx.Err() })
		_, err := r.Material(ctx, "team", []provider.Reference{caRef})
		require.ErrorIs(t, err, context.Canceled)
	})
}

// TestAHostThatHangs costs callers a bounded time.
func TestAHostThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost()
		f.put(token, "token", "t-1")
		r, _ := newReader(f)
		hold(f)
		begun := time.Now()
		_, err := r.Material(t.Context(), "team", []provider.Reference{tokenRef})
		require.Equal(t, provider.Unavailable, provider.ReasonOf(err))
		require.Equal(t, readTimeout, time.Since(begun))
	})
}

// TestAReadOvertakenByAChange joins a read that began before the watch moved: what it brings is not good enough.
func TestAReadOvertakenByAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost()
		f.put(token, "token", "t-1")
		r, _ := newReader(f)
		gate := hold(f)
		first := ask(t.Context(), r)
		f.put(token, "token", "t-2")
		second := ask(t.Context(), r)
		close(gate)
		require.Equal(t, "t-1", <-first)
		require.Equal(t, "t-2", <-second)
		require.Equal(t, 2, f.count(token))
	})
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
