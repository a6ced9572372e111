package source

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// find answers with the items of a vault whose names and tags match.
func (c *fakeClient) find(n provider.Need, view provider.View) (provider.Answer, []provider.WantedPart, error) {
	scope := provider.Scope{Name: n.Path}
	seen, err := view.Picture(scope)
	if err != nil {
		return provider.Answer{}, nil, err
	}
	picture := seen.(*fakePicture)
	var missing []provider.WantedPart
	found := map[string]value.Value{}
	for item, version := range picture.rows {
		if !regexp.MustCompile(n.Name).MatchString(item) || slices.ContainsFunc(n.TagNames(), func(tag string) bool { return picture.tags[item] != tag }) {
			continue
		}
		id := provider.PartID(fmt.Sprintf("%s@%d", item, version))
		found[item] = value.FromString(string(id))
		if _, _, ok := view.Part(scope, id); c.parts && !ok {
			missing = append(missing, provider.WantedPart{Scope: scope, ID: id})
		}
	}
	slices.SortFunc(missing, func(a, b provider.WantedPart) int { return cmp.Compare(a.ID, b.ID) })
	return provider.Answer{Map: found}, missing, nil
}

// listener notes whom Changes name.
type listener struct {
	mu     sync.Mutex
	owners map[types.UID]int
	turned int
}

func (f *fixture) listen() *listener {
	l := &listener{owners: map[types.UID]int{}}
	f.sources.Subscribe(func(c Change) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, owner := range c.Owners {
			l.owners[owner]++
		}
		if c.Turned {
			l.turned++
		}
	})
	return l
}

// told is who was named since the last call, each once.
func (l *listener) told(t *testing.T) []types.UID {
	t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []types.UID
	for owner, times := range l.owners {
		require.Equal(t, 1, times, owner)
		all = append(all, owner)
	}
	clear(l.owners)
	slices.Sort(all)
	return all
}

// turns is how often scopes began or ceased to fail.
func (l *listener) turns() int {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turned
}

// nextPoll is long enough for a poll.
const nextPoll = 11 * time.Second

// followed is a Source that polls and whose owners have been answered: 0 wants a/x, 1 a/y, 2 both, 3 b/z, 4 what is in a or
// else b, 5 and 6 find by name and by tag, 7 wants what is not there.
func followed(t *testing.T, f *fixture) *listener {
	f.set(func() { f.tags = map[string]string{"x": "team", "y": "other"} })
	all := [][]provider.Need{
		needs("a/x"), needs("a/y"), needs("a/x", "a/y"), needs("b/z"), needs("a|b/z"),
		{provider.FindNeed("a", "^y", nil)}, {provider.FindNeed("a", ".*", map[string]string{"team": ""})}, needs("a/none"),
	}
	l := f.listen()
	for i, n := range all {
		f.src.Want(uid(i), "team", n)
		f.src.Inputs(t.Context(), n, time.Now())
	}
	f.sources.Lead(true)
	time.Sleep(time.Minute)
	require.Empty(t, l.told(t), "nothing has changed since everybody was answered")
	return l
}

func TestAChangeTellsWhomItTouches(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f *fixture)
		told   []types.UID
	}{
		"an item":                    {func(f *fixture) { f.vaults["a"]["x"]++ }, []types.UID{uid(0), uid(2), uid(6)}},
		"another item":               {func(f *fixture) { f.vaults["a"]["y"]++ }, []types.UID{uid(1), uid(2), uid(5)}},
		"an item that nobody wants":  {func(f *fixture) { f.vaults["a"]["w"] = 1 }, nil},
		"one that a find matches":    {func(f *fixture) { f.vaults["a"]["y2"] = 1 }, []types.UID{uid(5)}},
		"a tag":                      {func(f *fixture) { f.tags = map[string]string{"x": "team", "y": "team"} }, []types.UID{uid(6)}},
		"one that was not there":     {func(f *fixture) { f.vaults["a"]["none"] = 1 }, []types.UID{uid(7)}},
		"one that goes":              {func(f *fixture) { delete(f.vaults["a"], "x") }, []types.UID{uid(0), uid(2), uid(6)}},
		"one that hides another":     {func(f *fixture) { f.vaults["a"]["z"] = 2 }, []types.UID{uid(4)}},
		"another vault":              {func(f *fixture) { f.vaults["b"]["z"]++ }, []types.UID{uid(3), uid(4)}},
		"two vaults":                 {func(f *fixture) { f.vaults["b"]["z"]++; f.vaults["a"]["x"]++ }, []types.UID{uid(0), uid(2), uid(3), uid(4), uid(6)}},
		"a tag of what nobody finds": {func(f *fixture) { f.tags = map[string]string{"x": "team", "y": "third"} }, nil},
	} {
		for _, parts := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, parts %v", name, parts), func(t *testing.T) {
				run(t, func(b *backend, _ *Config) { b.parts, b.plain = parts, true }, func(t *testing.T, f *fixture) {
					l := followed(t, f)
					f.set(func() { c.change(f) })
					time.Sleep(nextPoll)
					require.Equal(t, c.told, l.told(t))
					time.Sleep(time.Hour)
					require.Empty(t, l.told(t), "once")
				})
			})
		}
	}
}

// A part that is loaded after its owner was told is no change, whoever has it loaded.
func TestAPartThatArrivesIsNoChange(t *testing.T) {
	run(t, func(b *backend, _ *Config) { b.parts, b.plain = true, true }, func(t *testing.T, f *fixture) {
		l := followed(t, f)
		f.set(func() { f.vaults["a"]["x"]++ })
		time.Sleep(nextPoll)
		require.Equal(t, []types.UID{uid(0), uid(2), uid(6)}, l.told(t))
		loads := f.count("load")
		require.Equal(t, "x@2", f.value(f.getFrom(time.Time{}, "a/x")), "who is told has it loaded")
		require.Equal(t, loads+1, f.count("load"))
		f.set(func() { f.vaults["a"]["w"] = 1 })
		time.Sleep(nextPoll)
		require.Empty(t, l.told(t))
	})
}

func TestALiveReadTellsWhomItsPictureTouches(t *testing.T) {
	run(t, func(b *backend, _ *Config) { b.plain = true }, func(t *testing.T, f *fixture) {
		l := followed(t, f)
		f.sources.Lead(false)
		f.set(func() { f.vaults["a"]["x"]++ })
		require.Equal(t, "y@1", f.value(f.get("a/y")), "somebody reads something else")
		require.Equal(t, []types.UID{uid(0), uid(2), uid(6)}, l.told(t))
	})
}

// Who is answered from a picture that has been replaced meanwhile is told.
func TestAnAnswerThatIsOutdatedWhenItComes(t *testing.T) {
	run(t, func(b *backend, _ *Config) { b.parts, b.plain = true, true }, func(t *testing.T, f *fixture) {
		l := f.listen()
		f.src.Want(uid(1), "team", needs("a/x", "a/y"))
		f.set(func() { f.hang = func(op Operation, what string) bool { return op == Load && what == "a/y@1" } })
		answered := make(chan provider.Result, 1)
		go func() { answered <- f.src.Inputs(f.Context(), needs("a/x", "a/y"), time.Now()).Result(need("a/x")) }()
		time.Sleep(time.Second)
		f.set(func() { f.vaults["a"]["x"]++; delete(f.vaults["a"], "y") })
		_ = f.get("a/w")
		l.told(t)
		require.Equal(t, "x@1", f.value(<-answered))
		require.Equal(t, []types.UID{uid(1)}, l.told(t))
		require.Equal(t, "x@2", f.value(f.getFrom(time.Time{}, "a/x")))
		require.Empty(t, l.told(t))
	})
}

func TestFailuresThatBeginAndEndAreTold(t *testing.T) {
	run(t, func(b *backend, _ *Config) { b.plain = true }, func(t *testing.T, f *fixture) {
		l := followed(t, f)
		turned := l.turns()
		f.set(func() {
			f.fail = func(Operation, string) error { return provider.Errorf(provider.Forbidden, "no") }
		})
		time.Sleep(time.Minute)
		require.Empty(t, l.told(t), "what is held is the same")
		require.Equal(t, turned+2, l.turns(), "both vaults fail")
		f.set(func() { f.fail = nil; f.vaults["a"]["x"]++ })
		time.Sleep(time.Minute)
		require.Equal(t, turned+4, l.turns())
		require.Equal(t, []types.UID{uid(0), uid(2), uid(6)}, l.told(t))
	})
}

// A vault that never answers does not keep changes of another from those who need not know what it holds.
func TestAScopeThatWasNeverReadHidesNoChange(t *testing.T) {
	run(t, func(b *backend, _ *Config) { b.plain = true }, func(t *testing.T, f *fixture) {
		f.fail = func(_ Operation, what string) error {
			if what == "b" {
				return provider.Errorf(provider.Forbidden, "no")
			}
			return nil
		}
		l := f.listen()
		f.sources.Lead(true)
		f.src.Want(uid(1), "team", needs("a|b/x"))
		require.Equal(t, "x@1", f.value(f.get("a|b/x")))
		time.Sleep(nextPoll)
		l.told(t)
		f.set(func() { f.vaults["a"]["x"]++ })
		time.Sleep(nextPoll)
		require.Equal(t, []types.UID{uid(1)}, l.told(t))
	})
}

// With another credential what is seen is compared with what owners know.
func TestAnotherCredentialTellsWhomItShowsSomethingElse(t *testing.T) {
	run(t, func(b *backend, _ *Config) { b.plain = true }, func(t *testing.T, f *fixture) {
		l := followed(t, f)
		f.set(func() { f.vaults["a"]["x"]++ })
		_, err := f.sources.Get(theStore, token("two"))
		require.NoError(t, err)
		time.Sleep(nextPoll)
		require.Equal(t, []types.UID{uid(0), uid(2), uid(6)}, l.told(t))
	})
}

// What changes back before anybody looked touches nobody; who was answered in between is told.
func TestWhatChangesBack(t *testing.T) {
	for _, isRead := range []bool{false, true} {
		t.Run(fmt.Sprint("read in between ", isRead), func(t *testing.T) {
			var k told
			require.False(t, k.sift(signature{1}, 2, 0))
			if isRead {
				require.False(t, k.answer(3))
			}
			require.Equal(t, isRead, k.sift(signature{1}, 4, 3))
			require.True(t, k.answer(3), "who comes late with what was in between")
			require.False(t, k.answer(4))
			require.False(t, k.sift(signature{1}, 5, 4))
			require.False(t, k.answer(4))
			require.True(t, k.sift(signature{2}, 6, 5))
		})
	}
}

func TestNewWantsAreComparedFromTheBeginning(t *testing.T) {
	run(t, func(b *backend, _ *Config) { b.plain = true }, func(t *testing.T, f *fixture) {
		l := followed(t, f)
		f.src.Want(uid(10), "team", needs("a/x"))
		f.src.Want(uid(11), "team", needs("a/new"))
		f.src.Inputs(f.Context(), needs("a/x", "a/new"), time.Time{})
		f.set(func() { f.vaults["a"]["y"]++ })
		time.Sleep(nextPoll)
		require.Equal(t, []types.UID{uid(1), uid(2), uid(5)}, l.told(t))
		f.sources.Release(uid(10))
		f.set(func() { f.vaults["a"]["x"]++ })
		time.Sleep(nextPoll)
		require.Equal(t, []types.UID{uid(0), uid(2), uid(6)}, l.told(t), "who wants nothing any more is not told")
	})
}
