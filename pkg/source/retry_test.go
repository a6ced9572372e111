package source

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// retrying has the fixture's store try again as settings say. Empty texts are absent.
func (f *fixture) retrying(most int32, interval string) {
	f.Helper()
	store := theStore
	store.Retry = &v1.SecretStoreRetrySettings{MaxRetries: &most}
	if interval != "" {
		store.Retry.RetryInterval = &interval
	}
	var err error
	f.src, err = f.sources.Get(store, token("one"))
	require.NoError(f.T, err)
}

// failing has the first n calls of an operation fail.
func (f *fixture) failing(op Operation, n int, failure *provider.Error) {
	var failed atomic.Int64
	f.set(func() {
		f.fail = func(o Operation, _ string) error {
			if o != op || failed.Add(1) > int64(n) {
				return nil
			}
			return failure
		}
	})
}

func throttled(after time.Duration) *provider.Error {
	return &provider.Error{Reason: provider.RateLimited, Message: "429", RetryAfter: after}
}

func TestRetries(t *testing.T) {
	down := provider.Errorf(provider.Unavailable, "503")
	for name, c := range map[string]struct {
		most     int32
		interval string
		fails    int
		with     *provider.Error
		// calls are those of the provider, took is when the last of them ended, reason how; empty for well.
		calls  int
		took   time.Duration
		reason provider.Reason
	}{
		"not asked for":                    {most: 0, fails: 9, with: down, calls: 1, reason: provider.Unavailable},
		"well at first":                    {most: 3, calls: 1},
		"well in the end":                  {most: 3, fails: 2, with: down, calls: 3, took: 2 * time.Second},
		"never well":                       {most: 2, fails: 9, with: down, calls: 3, took: 2 * time.Second, reason: provider.Unavailable},
		"another interval":                 {most: 2, interval: "200ms", fails: 9, with: down, calls: 3, took: 400 * time.Millisecond, reason: provider.Unavailable},
		"as often as the deadline allows":  {most: 5, interval: "2s", fails: 9, with: down, calls: 3, took: 4 * time.Second, reason: provider.Unavailable},
		"longer than the deadline":         {most: 5, interval: "5s", fails: 9, with: down, calls: 1, reason: provider.Unavailable},
		"more than may be, without a rest": {most: 1000, interval: "0s", fails: 99, with: down, calls: 11, took: time.Second, reason: provider.Unavailable},
		"asked for a longer rest":          {most: 2, fails: 1, with: &provider.Error{Reason: provider.Unavailable, RetryAfter: 3 * time.Second}, calls: 2, took: 3 * time.Second},
		"told when to come back":           {most: 2, fails: 1, with: throttled(2 * time.Second), calls: 2, took: 2 * time.Second},
		"told to come back too late":       {most: 2, fails: 1, with: throttled(time.Minute), calls: 1, reason: provider.RateLimited},
		"not told when to come back":       {most: 2, fails: 1, with: throttled(0), calls: 1, reason: provider.RateLimited},
		"not found":                        {most: 2, fails: 1, with: provider.Errorf(provider.NotFound, "x"), calls: 1, reason: provider.NotFound},
		"scope not found":                  {most: 2, fails: 1, with: provider.Errorf(provider.ScopeNotFound, "x"), calls: 1, reason: provider.ScopeNotFound},
		"forbidden":                        {most: 2, fails: 1, with: provider.Errorf(provider.Forbidden, "x"), calls: 1, reason: provider.Forbidden},
		"refused":                          {most: 2, fails: 1, with: provider.Errorf(provider.Unauthenticated, "x"), calls: 1, reason: provider.Unauthenticated},
		"invalid":                          {most: 2, fails: 1, with: provider.Errorf(provider.Invalid, "x"), calls: 1, reason: provider.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			m := &meter{requests: map[string]int{}}
			run(t, func(_ *backend, c *Config) { c.Metrics = m }, func(t *testing.T, f *fixture) {
				f.retrying(c.most, c.interval)
				f.failing(Revalidate, c.fails, c.with)
				began := time.Now()
				r := f.get("a/x")
				took := time.Since(began)
				require.GreaterOrEqual(t, took, c.took)
				require.LessOrEqual(t, took, c.took+c.took/10, "what failed together does not come back together")
				require.Equal(t, c.calls, f.count("revalidate a"))
				told := 0
				for _, n := range m.requests {
					told += n
				}
				require.Equal(t, c.calls, told, "each try is told to the metrics")
				if c.reason == "" {
					require.Equal(t, "x@1", f.value(r))
					return
				}
				require.Equal(t, c.reason, f.reason(r))
			})
		})
	}
}

func TestRetriesOfEveryOperation(t *testing.T) {
	down := provider.Errorf(provider.Unavailable, "503")
	run(t, func(b *backend, _ *Config) { b.parts = true }, func(t *testing.T, f *fixture) {
		f.retrying(2, "100ms")
		f.src.Want(uid(1), "team", needs("a/x"))
		f.failing(Load, 2, down)
		require.Equal(t, "x@1", f.value(f.get("a/x")))
		require.Equal(t, 3, f.count("load"))

		time.Sleep(time.Minute)
		f.failing(Check, 1, down)
		require.NoError(t, f.src.Check(t.Context()))
		require.Equal(t, 2, f.count("check"))

		f.set(func() { delete(f.vaults["a"], "x") })
		f.requireNotGone("a/x", "absent once")
		time.Sleep(11 * time.Second)
		f.failing(Confirm, 2, down)
		require.True(t, f.delete("a/x").Gone)
		require.Equal(t, 3, f.count("confirm"))
	})
}

// A try that others left too little time says nothing about the provider: the failure before it stands, and the breaker,
// which opens for a provider that hangs, stays closed.
func TestRetryThatRunsOutOfTime(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.retrying(3, "4s")
		f.set(func() {
			tries := 0
			f.hang = func(Operation, string) bool { tries++; return tries > 1 }
			f.fail = func(Operation, string) error { return provider.Errorf(provider.Unavailable, "503") }
		})
		require.EqualError(t, f.get("a/x").Err, "503")
		require.Equal(t, 2, f.count("revalidate"))
		f.set(func() { f.hang, f.fail = nil, nil })
		require.Equal(t, "z@1", f.value(f.get("b/z")), "another scope is asked")
	})
}

// While a call waits because the provider asked for a rest, nobody else asks it anything.
func TestRestIsForAll(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.retrying(1, "")
		f.failing(Revalidate, 1, throttled(3*time.Second))
		f.src.Prepare(t.Context(), needs("a/x"), time.Now(), Now, func() {})
		time.Sleep(time.Second)
		require.Equal(t, provider.RateLimited, provider.ReasonOf(f.src.Check(t.Context())))
		require.Zero(t, f.count("check"))
		time.Sleep(3 * time.Second)
		require.NoError(t, f.src.Check(t.Context()))
		require.Equal(t, 2, f.count("revalidate"))
	})
}

func TestHangIsNotTriedAgain(t *testing.T) {
	run(t, func(b *backend, _ *Config) { b.hang = func(Operation, string) bool { return true } }, func(t *testing.T, f *fixture) {
		f.retrying(3, "100ms")
		require.Equal(t, provider.Unavailable, f.reason(f.get("a/x")))
		require.Equal(t, 1, f.count("revalidate"))
	})
}

// Tries come out of the budget of the site, those of polls out of the half for polling.
func TestRetriesAreCounted(t *testing.T) {
	for name, c := range map[string]struct {
		polled bool
		calls  int
	}{
		"for a caller": {false, 2},
		"for a poll":   {true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(b *backend, cfg *Config) { cfg.Rates = map[string]int{b.host: 8} }, func(t *testing.T, f *fixture) {
				f.retrying(5, "100ms")
				f.failing(Revalidate, 9, provider.Errorf(provider.Unavailable, "503"))
				if c.polled {
					f.src.Want(uid(1), "team", needs("a/x"))
					f.sources.Lead(true)
					time.Sleep(5 * time.Second)
				} else {
					require.Error(t, f.get("a/x").Err)
				}
				require.Equal(t, c.calls, f.count("revalidate"), "the burst of its half of 8 a minute")
			})
		})
	}
}

// What waits to be tried again with a credential that was replaced is not.
func TestRetryEndsWithItsSource(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.retrying(3, "2s")
		f.failing(Revalidate, 1, provider.Errorf(provider.Unavailable, "503"))
		f.src.Prepare(t.Context(), needs("a/x"), time.Now(), Now, func() {})
		time.Sleep(time.Second)
		store := theStore
		store.Retry = &v1.SecretStoreRetrySettings{MaxRetries: ptr.To[int32](3)}
		_, err := f.sources.Get(store, token("two"))
		require.NoError(t, err)
		time.Sleep(10 * time.Second)
		f.mu.Lock()
		defer f.mu.Unlock()
		require.True(t, f.clients[1].closed)
		require.Len(t, f.calls, 2, "one with each credential")
	})
}

// An edit of the settings is a new Source that still knows what keys led to.
func TestRetrySettingsMakeASource(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.src.Want(uid(1), "team", needs("a/x"))
		f.value(f.get("a/x"))
		before := f.src
		f.retrying(1, "")
		require.NotSame(t, before, f.src)
		same := f.src
		f.retrying(1, "1s")
		require.Same(t, same, f.src, "the default, spelled out")
		f.set(func() { delete(f.vaults["a"], "x") })
		f.requireNotGone("a/x", "absent once")
		time.Sleep(11 * time.Second)
		require.True(t, f.delete("a/x").Gone)
		require.Equal(t, "x", f.lastConfirmed.ID)
	})
}
