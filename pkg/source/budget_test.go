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

// limited gives the fixture's site a number of requests a minute.
func limited(perMinute int) func(*backend, *Config) {
	return func(b *backend, c *Config) { c.Rates = map[string]int{b.host: perMinute} }
}

// stamps notes when the provider is asked what.
type stamps struct {
	mu sync.Mutex
	at map[string][]time.Time
	// all of them in order.
	all []time.Time
}

// stamped has f's backend note when it is asked. It answers as then says, well where that is nil.
func (f *fixture) stamped(then func(op Operation, what string) error) *stamps {
	s := &stamps{at: map[string][]time.Time{}}
	f.set(func() {
		f.fail = func(op Operation, what string) error {
			s.mu.Lock()
			now := time.Now()
			s.at[what], s.all = append(s.at[what], now), append(s.all, now)
			s.mu.Unlock()
			if then == nil {
				return nil
			}
			return then(op, what)
		}
	})
	return s
}

// most is the largest number in any minute.
func (s *stamps) most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most, first := 0, 0
	for last, at := range s.all {
		for at.Sub(s.all[first]) >= time.Minute {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}

func (f *fixture) wantVaults(n int) {
	for i := range n {
		name := fmt.Sprint("v", i)
		f.set(func() { f.vaults[name] = map[string]int{"x": 1} })
		f.src.Want(uid(i), "team", needs(name+"/x"))
	}
}

// More is wanted than the budget has: in no minute do polls take more than half, and each scope gets its turn.
func TestPollsStretch(t *testing.T) {
	run(t, limited(120), func(t *testing.T, f *fixture) {
		const vaults = 100
		asked := f.stamped(nil)
		f.sources.Lead(true)
		f.wantVaults(vaults)
		time.Sleep(20 * time.Minute)
		require.LessOrEqual(t, asked.most(), 60)
		require.GreaterOrEqual(t, asked.most(), 50)
		// Fifty a minute over a hundred: one in two minutes.
		for name, at := range asked.at {
			require.InDelta(t, 10, len(at), 1, name)
			for i := range at[1:] {
				require.LessOrEqual(t, at[i+1].Sub(at[i]), 130*time.Second, name)
			}
		}
		require.Len(t, asked.at, vaults)
	})
}

// Requests beyond the first of a call are debts of the half that it belongs to.
func TestEachRequestIsCounted(t *testing.T) {
	thrice := func(b *backend, c *Config) {
		limited(120)(b, c)
		b.requests = func(Operation, string) int { return 3 }
	}
	t.Run("of polls", func(t *testing.T) {
		run(t, thrice, func(t *testing.T, f *fixture) {
			f.sources.Lead(true)
			f.wantVaults(100)
			for minutes := 1; minutes <= 20; minutes++ {
				time.Sleep(time.Minute)
				// Ten at once, fifty a minute, and what the eight polls that may be under way make beyond their first.
				require.LessOrEqual(t, f.requestsSent(), 10+50*minutes+2*8)
			}
			require.GreaterOrEqual(t, f.requestsSent(), 50*20)
			require.Equal(t, "x@1", f.value(f.get("a/x")), "callers have a half of their own")
		})
	})
	t.Run("of reads", func(t *testing.T) {
		run(t, thrice, func(t *testing.T, f *fixture) {
			fresh := 0
			for range 20 * 60 {
				if !f.get("a/x").Late {
					fresh++
				}
				time.Sleep(time.Second)
			}
			// Thirty at once and thirty a minute.
			require.LessOrEqual(t, f.requestsSent(), 30+30*20+2)
			require.Equal(t, f.requestsSent(), 3*fresh)
		})
	})
	t.Run("of tries", func(t *testing.T) {
		run(t, thrice, func(t *testing.T, f *fixture) {
			f.retrying(5, "100ms")
			f.failing(Revalidate, 99, provider.Errorf(provider.Unavailable, "503"))
			require.Error(t, f.get("a/x").Err)
			time.Sleep(20 * time.Second)
			require.Error(t, f.get("a/x").Err)
			require.LessOrEqual(t, f.requestsSent(), 30+10+2)
		})
	})
	t.Run("of confirmations", func(t *testing.T) {
		run(t, thrice, func(t *testing.T, f *fixture) {
			f.requests = func(op Operation, _ string) int {
				if op == Confirm {
					return 100
				}
				return 1
			}
			f.src.Want(uid(1), "team", needs("a/x"))
			f.get("a/x")
			f.set(func() { delete(f.vaults["a"], "x") })
			time.Sleep(time.Millisecond)
			f.requireNotGone("a/x", "absent once")
			time.Sleep(11 * time.Second)
			require.True(t, f.delete("a/x").Gone, "a call that has begun is not broken off")
			time.Sleep(time.Millisecond)
			require.Equal(t, provider.NotFound, f.reason(f.get("a/x")), "the picture that is held")
			require.True(t, f.get("a/x").Late, "a hundred are owed")
		})
	})
}

// One user gets half of what callers have, whatever else there is, and leaves the rest to others.
func TestUsersShare(t *testing.T) {
	run(t, limited(120), func(t *testing.T, f *fixture) {
		read := func(user, key string) provider.Result {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			return f.src.InputsFor(ctx, Reader{User: user}, needs(key), time.Now()).Result(need(key))
		}
		const greedy, modest = "system:serviceaccount:ci:dashboard", "alice"
		fresh := map[string]int{}
		for second := range 600 {
			for range 5 {
				r := read(greedy, "a/x")
				require.Equal(t, "x@1", f.value(r))
				if !r.Late {
					fresh[greedy]++
				}
				time.Sleep(time.Millisecond)
			}
			if second%4 == 0 {
				require.False(t, read(modest, "a/x").Late, "second %d", second)
			}
			time.Sleep(time.Second - 5*time.Millisecond)
		}
		require.InDelta(t, 15+15*10, fresh[greedy], 2, "half of the half, fifteen of it at once")

		// What is not held is refused, with when to come back.
		for !read(greedy, "a/x").Late {
			time.Sleep(time.Millisecond)
		}
		r := read(greedy, "b/z")
		require.Equal(t, provider.RateLimited, f.reason(r))
		require.ErrorContains(t, r.Err, "one user")
		require.Positive(t, provider.RetryAfterOf(r.Err))
		require.Equal(t, "z@1", f.value(read(modest, "b/z")))
	})
}

func TestUsersShareOfLoads(t *testing.T) {
	both := func(b *backend, c *Config) { withParts(b, c); limited(40)(b, c) }
	run(t, both, func(t *testing.T, f *fixture) {
		var all []provider.Need
		for i := range 30 {
			f.vaults["a"][fmt.Sprint("item", i)] = 1
			all = append(all, need(fmt.Sprint("a/item", i)))
		}
		in := f.src.InputsFor(t.Context(), Reader{User: "greedy"}, all, time.Now())
		refused := 0
		for _, n := range all {
			if r := in.Result(n); r.Err != nil {
				require.ErrorContains(t, r.Err, "one user")
				refused++
			}
		}
		require.Equal(t, 26, refused, "five at once, one of them for the list")
		require.Equal(t, 4, f.count("load"))
	})
}

// Who has not read for a while is forgotten.
func TestSharesAreFewAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite("x", 1200)
		most := 0
		for i := range 100_000 {
			_ = s.takeLive(fmt.Sprint("user-", i), time.Now())
			most = max(most, len(s.shares.users))
			time.Sleep(10 * time.Millisecond)
		}
		require.LessOrEqual(t, most, 2*600)
		time.Sleep(2 * time.Minute)
		require.NoError(t, s.takeLive("last", time.Now()))
		require.Len(t, s.shares.users, 1)
	})
}

// With nothing known of a site nobody is held back.
func TestNoLimitNoShare(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		for range 1000 {
			r := f.src.InputsFor(t.Context(), Reader{User: "alice"}, needs("a/x"), time.Now()).Result(need("a/x"))
			require.False(t, r.Late)
			time.Sleep(time.Millisecond)
		}
		require.Equal(t, 1000, f.count("revalidate"))
	})
}

func TestSiteOfAHost(t *testing.T) {
	for name, c := range map[string]struct {
		host  string
		rates map[string]int
		want  int
	}{
		"by default":        {host: "eu.infisical.com", want: 120},
		"two names of one":  {host: "app.infisical.com", want: 120},
		"in capitals":       {host: "US.Infisical.COM", want: 120},
		"fully qualified":   {host: "us.infisical.com.", want: 120},
		"unknown":           {host: "vault.example.com"},
		"given":             {host: "vault.example.com", rates: map[string]int{"Vault.Example.com": 60}, want: 60},
		"given for a name":  {host: "us.infisical.com", rates: map[string]int{"app.infisical.com": 300}, want: 300},
		"given twice":       {host: "us.infisical.com", rates: map[string]int{"app.infisical.com": 300, "us.infisical.com": 200}, want: 200},
		"given without end": {host: "us.infisical.com", rates: map[string]int{"us.infisical.com": 0}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, ratesBySite(c.rates)[siteName(c.host)])
		})
	}
}
