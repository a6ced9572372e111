package materializer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// counting is an Evaluator that counts, by the names of ExternalSecrets, what it is asked.
type counting struct {
	Evaluator
	mu    sync.Mutex
	asked map[string]int
}

func (c *counting) Evaluate(ctx context.Context, es *v1.ExternalSecret, ask outcome.Ask) *outcome.Outcome {
	c.mu.Lock()
	c.asked[es.Name]++
	c.mu.Unlock()
	return c.Evaluator.Evaluate(ctx, es, ask)
}

// since is what was asked since the last call.
func (c *counting) since() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := maps.Clone(c.asked)
	clear(c.asked)
	return asked
}

// counted has the fixture's evaluations counted.
func counted(c *counting) func(*Config) {
	return func(config *Config) {
		c.Evaluator, c.asked = config.Evaluator, map[string]int{}
		config.Evaluator = c
	}
}

// of is an ExternalSecret of keys of the vault, for a day.
func of(name string, keys ...string) func(*v1.ExternalSecret) {
	return func(es *v1.ExternalSecret) {
		es.Name, es.Spec.Data, es.Spec.RefreshInterval = name, nil, ptr.To("24h")
		for _, key := range keys {
			es.Spec.Data = append(es.Spec.Data, entryOf(key))
		}
	}
}

func finding(name, prefix string) func(*v1.ExternalSecret) {
	return func(es *v1.ExternalSecret) {
		of(name)(es)
		es.Spec.DataFrom = []v1.ExternalSecretDataFrom{{Find: &v1.Find{Path: ptr.To(prefix), Name: &v1.FindName{RegExp: ptr.To(".*")}}}}
	}
}

const followed = poll + quietTime + time.Second

func TestAChangeWakesWhomItTouches(t *testing.T) {
	evaluations := &counting{}
	bubble(t, func(t *testing.T, f *fixture) {
		for i := range 100 {
			f.vault.set(fmt.Sprint("key-", i), "first")
			f.add(of(fmt.Sprint("es-", i), fmt.Sprint("key-", i)))
			// The fake's watch takes a hundred events at a time.
			after(time.Millisecond)
		}
		f.add(of("pair", "key-1", "key-2"))
		f.add(finding("tens", "key-1"))
		after(time.Minute)
		require.Len(t, evaluations.since(), 102)
		for name, c := range map[string]struct {
			change func()
			woken  []string
		}{
			"one key":           {func() { f.vault.set("key-50", "second") }, []string{"es-50"}},
			"a key of two":      {func() { f.vault.set("key-2", "second") }, []string{"es-2", "pair"}},
			"a key that a find": {func() { f.vault.set("key-17", "second") }, []string{"es-17", "tens"}},
			"a new match":       {func() { f.vault.set("key-1000", "second") }, []string{"tens"}},
			"nobody's":          {func() { f.vault.set("other", "second") }, nil},
		} {
			writes, updates := len(f.writes), f.host.count("update")
			c.change()
			after(followed)
			asked := evaluations.since()
			require.ElementsMatch(t, c.woken, slices.Collect(maps.Keys(asked)), name)
			for es, times := range asked {
				require.Equal(t, 1, times, es)
			}
			require.Equal(t, updates+len(c.woken), f.host.count("update"), name)
			require.Equal(t, writes+len(c.woken), len(f.writes), name)
		}
	}, counted(evaluations))
}

func TestEveryoneWaitsForAQuietMomentOfTheirOwn(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.vault.set("restless", "0")
		f.add(of("restless", "restless"))
		f.add(of("calm", "user"))
		after(time.Minute)
		f.vault.set("user", "bob")
		for i := range 5 {
			// Somebody reads live, which shows every change at once.
			f.vault.set("restless", fmt.Sprint(i))
			f.look("restless")
			after(time.Second)
		}
		require.Equal(t, "bob", f.host.data("calm")["user"], "that others change does not hold it up")
		require.Equal(t, "0", f.host.data("restless")["restless"])
		after(quietTime)
		require.Equal(t, "4", f.host.data("restless")["restless"])
		require.Equal(t, 2, f.host.count("update"))
	})
}

// look reads an ExternalSecret live.
func (f *fixture) look(name string) *outcome.Outcome {
	return f.config.Evaluator.Evaluate(context.Background(), f.get(name), outcome.Ask{NotBefore: time.Now()})
}

// What failed for a key is tried again as soon as the key is there, and for an outage as soon as it is over.
func TestWhatFailedDoesNotWaitForAQuietMoment(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(of("lacking", "absent"))
		f.add(of("other", "user"))
		after(20 * time.Minute)
		f.vault.set("absent", "here")
		f.look("other")
		after(time.Millisecond)
		require.Equal(t, map[string]string{"absent": "here"}, f.host.data("lacking"))
	})
}

func TestFirstAttemptsShareWhatWasRead(t *testing.T) {
	windows := &v1.SyncWindows{Kind: v1.SyncWindowAllow, Windows: []v1.SyncWindow{{Schedule: "0 6 * * *", Duration: "1h"}}}
	for name, c := range map[string]struct {
		with             func(*v1.ExternalSecret)
		ignore, isShared bool
	}{
		"that follow changes":     {with: every("1h"), isShared: true},
		"with follow changes off": {with: every("1h"), ignore: true},
		"that are made once":      {with: refreshes(v1.RefreshPolicyCreatedOnce)},
		"of interval 0":           {with: every("0")},
		"with sync windows":       {with: func(es *v1.ExternalSecret) { es.Spec.SyncWindows = windows }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				for i := range 50 {
					f.add(func(es *v1.ExternalSecret) { es.Name = fmt.Sprint("es-", i) }, c.with)
					after(10 * time.Millisecond)
				}
				after(time.Second)
				require.Equal(t, 50, f.host.count("create"))
				if c.isShared {
					require.Equal(t, 1, f.vault.count("revalidate"))
				} else {
					require.Greater(t, f.vault.count("revalidate"), 30, "each is made of what there is when it comes")
				}
			}, func(config *Config) { config.FollowChanges = !c.ignore })
		})
	}
}

// Who adds a key and then the ExternalSecret that needs it is never told that it is not there.
func TestNothingIsMissedInAnOldPicture(t *testing.T) {
	for name, c := range map[string]struct {
		before func(f *fixture)
		then   func(f *fixture)
	}{
		"a first attempt": {func(*fixture) {}, func(f *fixture) { f.add(of("db", "added")) }},
		"a find":          {func(*fixture) {}, func(f *fixture) { f.add(finding("db", "added")) }},
		"an edit": {func(f *fixture) { f.add(of("db", "password")) }, func(f *fixture) {
			f.edit(func(es *v1.ExternalSecret) { es.Spec.Data[0] = entryOf("added") })
		}},
		"a template": {func(f *fixture) { f.vault.set("added", "bad") }, func(f *fixture) {
			f.add(of("db", "added"), templated(`{{ if eq .added "bad" }}{{ fail "bad" }}{{ end }}{{ .added }}`))
		}},
		"where absence deletes": {func(*fixture) {}, func(f *fixture) { f.add(of("db", "added"), deletes(v1.DeletionDelete)) }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.add(of("other", "user"))
				c.before(f)
				after(time.Minute)
				f.look("other")
				writes := f.statusWrites("db")
				after(time.Second)
				f.vault.set("added", "here")
				c.then(f)
				after(time.Second)
				require.Equal(t, "True", string(readyCondition(f.get("db")).Status))
				require.Contains(t, slices.Collect(maps.Values(f.host.data("db"))), "here")
				require.Equal(t, writes+1, f.statusWrites("db"), "nothing else was said in between")
				require.NotContains(t, fmt.Sprint(f.events()), v1.EventUpdateFailed)
			})
		})
	}
}

// A failure is asked about once: what is wrong though the picture is new is told.
func TestWhatIsMissingIsAskedForOnce(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(of("other", "user"))
		after(time.Minute)
		f.look("other")
		after(time.Second)
		before := f.vault.count("revalidate")
		f.add(of("db", "absent"))
		after(time.Millisecond)
		require.Contains(t, f.ready(), "there is no such key")
		require.Equal(t, before+1, f.vault.count("revalidate"))
	})
}

// A value that changed just before the ExternalSecret came is there with the next poll.
func TestAPollCorrectsAFirstAttempt(t *testing.T) {
	for _, follow := range []bool{true, false} {
		t.Run(fmt.Sprint("follow changes ", follow), func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.add(of("other", "user"))
				after(time.Minute)
				f.look("other")
				f.vault.set("password", "changed")
				after(time.Millisecond)
				f.add()
				after(time.Second)
				require.Equal(t, !follow, f.host.data("db")["password"] == "changed")
				after(followed)
				require.Equal(t, "changed", f.host.data("db")["password"])
			}, func(c *Config) { c.FollowChanges = follow })
		})
	}
}

// A refresh that somebody asks for is made of what there is now, also the custom way.
func TestWhoAsksGetsWhatThereIsNow(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(every("1h"))
		after(time.Minute)
		f.look("db")
		f.vault.set("password", "second")
		after(time.Millisecond)
		f.edit(func(es *v1.ExternalSecret) { es.Annotations = map[string]string{"force-sync": "1"} })
		after(time.Millisecond)
		require.Equal(t, "second", f.host.data("db")["password"])
		f.vault.set("password", "third")
		after(time.Millisecond)
		es := f.get("db")
		es.Status.RefreshRequestTime = ptr.To(metav1.NewMicroTime(time.Now()))
		_, err := f.api.ExternalSecretsV1().ExternalSecrets("team").UpdateStatus(t.Context(), es, metav1.UpdateOptions{})
		require.NoError(t, err)
		after(time.Millisecond)
		require.Equal(t, "third", f.host.data("db")["password"])
	})
}

// An outage that begins wakes nobody whose Secret stands.
func TestAnOutageWakesNobody(t *testing.T) {
	evaluations := &counting{}
	bubble(t, func(t *testing.T, f *fixture) {
		for i := range 20 {
			f.add(of(fmt.Sprint("es-", i), "user"))
		}
		f.add(of("lacking", "absent"))
		after(20 * time.Minute)
		evaluations.since()
		f.vault.fail(provider.Errorf(provider.Unavailable, "no answer"))
		after(followed)
		f.vault.fail(nil)
		after(followed)
		asked := evaluations.since()
		require.Contains(t, asked, "lacking")
		delete(asked, "lacking")
		require.Empty(t, asked)
	}, counted(evaluations))
}
