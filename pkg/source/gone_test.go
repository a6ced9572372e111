package source

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func (f *fixture) delete(key string) provider.Result {
	f.Helper()
	return f.src.InputsForDeletion(f.Context(), needs(key), time.Now()).Result(need(key))
}

func (f *fixture) requireNotGone(key, why string) {
	f.Helper()
	r := f.delete(key)
	require.Equal(f.T, provider.NotFound, f.reason(r), why)
	require.False(f.T, r.Gone, why)
}

func TestGoneNeedsAllTheEvidence(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.src.Want(uid(1), "team", needs("a|b/x"))
		require.Equal(t, "x@1", f.value(f.delete("a|b/x")))
		f.set(func() { delete(f.vaults["a"], "x") })
		time.Sleep(time.Second)
		f.requireNotGone("a|b/x", "absent once")
		time.Sleep(9 * time.Second)
		f.requireNotGone("a|b/x", "absent twice, but less than a poll interval apart")
		require.Zero(t, f.count("confirm"))
		time.Sleep(time.Second)
		require.True(t, f.delete("a|b/x").Gone)
		require.Equal(t, 1, f.count("confirm"))
		require.Equal(t, "x", f.lastConfirmed.ID)
		require.Zero(t, f.lastConfirmed.Value.Len(), "no value is kept")
		require.False(t, f.get("a|b/x").Gone, "who does not delete is not told, and asks nothing")
		require.Equal(t, 1, f.count("confirm"))
	})
}

func TestEvidenceStartsAgain(t *testing.T) {
	fail := func(f *fixture, what string) {
		f.set(func() {
			f.fail = func(_ Operation, w string) error {
				if w == what {
					return provider.Errorf(provider.Unavailable, "503")
				}
				return nil
			}
		})
	}
	for name, interrupt := range map[string]func(*fixture){
		"after the key was found": func(f *fixture) {
			f.set(func() { f.vaults["a"]["x"] = 1 })
			f.value(f.get("a|b/x"))
			f.set(func() { delete(f.vaults["a"], "x") })
		},
		"after a scope failed, though nobody saw it for this key": func(f *fixture) {
			fail(f, "b")
			require.Equal(f.T, provider.Unavailable, f.reason(f.get("b/z")))
			f.set(func() { f.fail = nil })
		},
		"after another credential": func(f *fixture) {
			_, err := f.sources.Get(theStore, token("two"))
			require.NoError(f.T, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, nil, func(t *testing.T, f *fixture) {
				f.src.Want(uid(1), "team", needs("a|b/x"))
				f.set(func() { delete(f.vaults["a"], "x") })
				f.requireNotGone("a|b/x", "absent once")
				time.Sleep(5 * time.Second)
				interrupt(f)
				time.Sleep(10 * time.Second)
				f.requireNotGone("a|b/x", "the evidence is too young")
				time.Sleep(10 * time.Second)
				require.True(t, f.delete("a|b/x").Gone)
			})
		})
	}
}

func TestNotGoneWhere(t *testing.T) {
	for name, c := range map[string]struct {
		wanted string
		fail   func(Operation, string) error
	}{
		"the provider does not confirm it": {"a/x", func(op Operation, _ string) error {
			if op == Confirm {
				return provider.Errorf(provider.Forbidden, "no")
			}
			return nil
		}},
		"nobody has registered the need": {"a/y", nil},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, nil, func(t *testing.T, f *fixture) {
				f.src.Want(uid(1), "team", needs(c.wanted))
				f.set(func() { delete(f.vaults["a"], "x"); f.fail = c.fail })
				for range 10 {
					f.requireNotGone("a/x", name)
					time.Sleep(5 * time.Second)
				}
				require.LessOrEqual(t, f.count("confirm"), 4, "once per poll interval")
			})
		})
	}
}

// A provider that knows where the key's secret is now says so in place of the NotFound.
func TestWhatIsElsewhereIsNotGone(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.src.Want(uid(1), "team", needs("a/x"))
		f.value(f.get("a/x"))
		f.set(func() {
			delete(f.vaults["a"], "x")
			f.fail = func(op Operation, _ string) error {
				if op == Confirm {
					return provider.Errorf(provider.Invalid, "it was renamed")
				}
				return nil
			}
		})
		time.Sleep(time.Second)
		f.requireNotGone("a/x", "absent once")
		time.Sleep(11 * time.Second)
		for range 3 {
			r := f.delete("a/x")
			require.EqualError(t, r.Err, "it was renamed")
			require.Equal(t, provider.Invalid, f.reason(r))
			require.False(t, r.Gone)
			require.Equal(t, provider.NotFound, f.reason(f.get("a/x")), "who does not delete asks nothing")
		}
		require.Equal(t, 1, f.count("confirm"), "once per poll interval")

		f.set(func() { f.fail = nil })
		time.Sleep(11 * time.Second)
		require.True(t, f.delete("a/x").Gone)
	})
}

func TestOnlyNotFoundIsGone(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		f.src.Want(uid(1), "team", needs("none/x", "a|b/x"))
		f.fail = func(_ Operation, what string) error {
			if what == "b" {
				return provider.Errorf(provider.Unavailable, "503")
			}
			return nil
		}
		delete(f.vaults["a"], "x")
		for range 5 {
			require.Equal(t, provider.ScopeNotFound, f.reason(f.delete("none/x")))
			require.False(t, f.delete("none/x").Gone)
			require.Equal(t, provider.Unavailable, f.reason(f.delete("a|b/x")))
			require.False(t, f.delete("a|b/x").Gone)
			time.Sleep(11 * time.Second)
		}
		require.Zero(t, f.count("confirm"))
	})
}

func TestOlderPictureProvesNothingAgainstANewerOne(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		// A reader that came before the key was there records its absence after others have seen the key.
		f.src.Want(uid(1), "team", needs("a/x"))
		f.set(func() { delete(f.vaults["a"], "x") })
		old := newRead(needs("a/x"), time.Now(), causeNow)
		f.get("a/x")
		f.src.begin(old)
		require.Empty(t, f.src.step(old))
		time.Sleep(time.Second)
		f.set(func() { f.vaults["a"]["x"] = 1 })
		f.value(f.get("a/x"))
		_, ok := f.src.finish(old)
		require.True(t, ok)
		f.set(func() { delete(f.vaults["a"], "x") })
		time.Sleep(11 * time.Second)
		f.requireNotGone("a/x", "absent once since it was found")
	})
}

func TestLastAnswerHoldsForTheSamePlace(t *testing.T) {
	for name, c := range map[string]struct {
		spec  v1.OnePasswordProvider
		token string
		keeps bool
	}{
		"another credential": {v1.OnePasswordProvider{}, "two", true},
		"another address":    {v1.OnePasswordProvider{ConnectHost: "https://other.example.com"}, "one", false},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, nil, func(t *testing.T, f *fixture) {
				f.src.Want(uid(1), "team", needs("a/x"))
				f.value(f.get("a/x"))
				f.set(func() { delete(f.vaults["a"], "x") })
				store := theStore
				store.Provider = &v1.SecretStoreProvider{OnePassword: &c.spec}
				_, err := f.sources.Get(store, token(c.token))
				require.NoError(t, err)
				f.requireNotGone("a/x", "absent once")
				time.Sleep(11 * time.Second)
				require.True(t, f.delete("a/x").Gone)
				require.Equal(t, c.keeps, f.lastConfirmed != nil)
			})
		})
	}
}
