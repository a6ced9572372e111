package source

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// surveyBackend is a backend that can be asked about all vaults at once. blind vaults are told nothing of.
type surveyBackend struct {
	*backend
	blind map[string]bool
}

func (b *surveyBackend) Connect(spec *v1.SecretStoreProvider, material provider.Material, reach *egress.Policy) (provider.Client, error) {
	c, err := b.backend.Connect(spec, material, reach)
	if err != nil {
		return nil, err
	}
	return &surveyClient{fakeClient: c.(*fakeClient), blind: b.blind}, nil
}

type surveyClient struct {
	*fakeClient
	blind map[string]bool
}

func (c *surveyClient) Survey(ctx context.Context, asked []provider.Asked) ([]provider.Sight, error) {
	if err := c.do(ctx, "survey", fmt.Sprint(len(asked))); err != nil {
		return nil, err
	}
	sights := make([]provider.Sight, len(asked))
	for i, a := range asked {
		c.set(func() {
			held, _ := a.Held.(*fakePicture)
			rows := c.vaults[a.Scope.Name]
			same := held != nil && len(held.rows) == len(rows)
			for k, v := range rows {
				same = same && held.rows[k] == v
			}
			switch {
			case c.blind[a.Scope.Name] || rows == nil:
			case same && !a.Thorough:
				sights[i].Unchanged = true
			default:
				sights[i].Rest = func(ctx context.Context) (provider.Picture, error) {
					if err := c.do(ctx, "rest", a.Scope.Name); err != nil {
						return nil, err
					}
					return c.fakeClient.Revalidate(ctx, a.Scope, a.Held, a.Thorough)
				}
			}
		})
	}
	return sights, nil
}

// surveyed runs a test with three vaults that are wanted, read, and led.
func surveyed(t *testing.T, configure func(*surveyBackend, *Config), test func(t *testing.T, f *fixture)) {
	all := needs("a/x", "b/z", "c/w")
	run(t, func(b *backend, cfg *Config) {
		b.vaults["c"] = map[string]int{"w": 1}
		s := &surveyBackend{backend: b}
		cfg.Providers = []provider.Provider{s}
		if configure != nil {
			configure(s, cfg)
		}
	}, func(t *testing.T, f *fixture) {
		f.src.Inputs(t.Context(), all, time.Now())
		f.src.Want(uid(1), "team", all)
		f.sources.Lead(true)
		require.Equal(t, 3, f.count("revalidate"))
		test(t, f)
	})
}

func TestOnePollForAllScopes(t *testing.T) {
	surveyed(t, nil, func(t *testing.T, f *fixture) {
		time.Sleep(80 * time.Second)
		surveys := f.count("survey 3")
		require.GreaterOrEqual(t, surveys, 8)
		require.LessOrEqual(t, surveys, 9)
		require.Equal(t, 3, f.count("revalidate"), "nothing more was asked")

		f.set(func() { f.vaults["b"]["z"] = 2 })
		began := time.Now()
		time.Sleep(10*time.Second + time.Millisecond)
		require.Equal(t, 1, f.count("rest"), "only what changed is read")
		require.Equal(t, "z@2", f.value(f.src.Held(needs("b/z")).Result(need("b/z"))))
		for _, n := range needs("a/x", "b/z", "c/w") {
			require.False(t, f.src.Held([]provider.Need{n}).Result(n).Observed.Before(began), "all pictures are as young")
		}
		// The tenth poll reads every vault, after one survey.
		time.Sleep(10 * time.Second)
		require.Equal(t, 1+3, f.count("rest"))
		require.Equal(t, 3, f.count("thorough"))
		require.Equal(t, f.count("survey"), f.count("survey 3"))
	})
}

func TestPictureIsDatedByItsSurvey(t *testing.T) {
	surveyed(t, nil, func(t *testing.T, f *fixture) {
		f.set(func() { f.delay = time.Second })
		time.Sleep(10*time.Second + 500*time.Millisecond)
		surveys := f.count("survey")
		f.set(func() { f.vaults["a"]["x"] = 2 })
		// The survey in flight began too early for this reader, who shares none of it.
		r := f.get("a/x")
		require.Equal(t, "x@2", f.value(r))
		require.False(t, r.Late)
		require.Equal(t, surveys, f.count("survey"))
	})
}

func TestOneScopeIsNotSurveyed(t *testing.T) {
	surveyed(t, nil, func(t *testing.T, f *fixture) {
		f.src.Want(uid(1), "team", needs("a/x"))
		time.Sleep(time.Minute)
		require.Zero(t, f.count("survey"))
	})
}

func TestScopesThatASurveyDoesNotSee(t *testing.T) {
	for name, c := range map[string]struct {
		blind map[string]bool
		// surveys in 100 s, of about ten polls, and revalidations beside the first three, at least.
		surveys, revalidations int
	}{
		"one of them":  {blind: map[string]bool{"b": true}, surveys: 9, revalidations: 9},
		"none of them": {blind: map[string]bool{"a": true, "b": true, "c": true}, surveys: 1, revalidations: 27},
		"all is told":  {surveys: 9},
	} {
		t.Run(name, func(t *testing.T) {
			surveyed(t, func(b *surveyBackend, _ *Config) { b.blind = c.blind }, func(t *testing.T, f *fixture) {
				time.Sleep(85 * time.Second)
				require.InDelta(t, c.surveys, f.count("survey"), 1)
				require.InDelta(t, 3+c.revalidations, f.count("revalidate"), 4)
			})
		})
	}
}

// A survey that fails alone costs nothing but itself; one that shows that the store cannot be read fails all.
func TestSurveyThatFails(t *testing.T) {
	for reason, revalidated := range map[provider.Reason]int{
		provider.Unavailable: 6, provider.Forbidden: 6, provider.Invalid: 6, provider.Unauthenticated: 3,
	} {
		t.Run(string(reason), func(t *testing.T) {
			surveyed(t, nil, func(t *testing.T, f *fixture) {
				f.set(func() {
					f.fail = func(op Operation, _ string) error {
						if op == "survey" {
							return provider.Errorf(reason, "no")
						}
						return nil
					}
				})
				for f.count("survey") == 0 {
					time.Sleep(time.Millisecond)
				}
				time.Sleep(time.Millisecond)
				require.Equal(t, revalidated, f.count("revalidate"))
				_, err := f.src.Failing()
				require.Equal(t, revalidated == 3, err != nil)
				time.Sleep(time.Minute)
				require.Equal(t, 1, f.count("survey"), "it is not tried again soon")
				_, err = f.src.Failing()
				require.NoError(t, err)
			})
		})
	}
}

func TestScopeThatFailsIsPolledAlone(t *testing.T) {
	surveyed(t, nil, func(t *testing.T, f *fixture) {
		f.set(func() { delete(f.vaults, "b") })
		time.Sleep(11 * time.Second)
		require.Equal(t, 1, f.count("survey 3"))
		_, err := f.src.Failing()
		require.Equal(t, provider.ScopeNotFound, provider.ReasonOf(err))
		time.Sleep(30 * time.Second)
		require.Equal(t, 1, f.count("survey 3"))
		require.GreaterOrEqual(t, f.count("survey 2"), 3)
		f.set(func() { f.vaults["b"] = map[string]int{"z": 5} })
		time.Sleep(11 * time.Second)
		require.Equal(t, "z@5", f.value(f.src.Held(needs("b/z")).Result(need("b/z"))))
	})
}

func TestSurveyEndsWithItsSource(t *testing.T) {
	surveyed(t, nil, func(t *testing.T, f *fixture) {
		f.set(func() { f.delay = time.Second })
		for f.count("survey") == 0 {
			time.Sleep(time.Millisecond)
		}
		src, err := f.sources.Get(theStore, token("two"))
		require.NoError(t, err)
		require.Equal(t, "x@1", f.value(src.Inputs(t.Context(), needs("a/x"), time.Now()).Result(need("a/x"))))
		time.Sleep(2 * time.Second)
		require.True(t, f.isClosed(0))
	})
}

// What is left to do after a survey keeps to the limit of polls.
func TestRestOfASurveyIsBounded(t *testing.T) {
	surveyed(t, func(_ *surveyBackend, cfg *Config) { cfg.Limits.Polls = 1 }, func(t *testing.T, f *fixture) {
		f.set(func() {
			f.delay = 100 * time.Millisecond
			for vault, item := range map[string]string{"a": "x", "b": "z", "c": "w"} {
				f.vaults[vault][item] = 2
			}
		})
		for f.count("rest") < 3 {
			time.Sleep(10 * time.Millisecond)
			f.src.mu.Lock()
			require.LessOrEqual(t, f.src.running, 1)
			f.src.mu.Unlock()
			f.set(func() {
				atOnce := 0
				for _, n := range f.inFlight {
					atOnce += n
				}
				require.LessOrEqual(t, atOnce, 1)
			})
		}
		time.Sleep(time.Second)
		f.src.mu.Lock()
		defer f.src.mu.Unlock()
		require.Zero(t, f.src.running)
		require.Zero(t, f.src.polling)
	})
}
