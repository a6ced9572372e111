package source_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/builtin"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

// listening is Sources that lead, whose polls are so far apart that they do not count, over a simulated Infisical.
type listening struct {
	*infisical.Server
	t       *testing.T
	sources *source.Sources
}

// startListening has folders with one secret each, KEY, in project shop; the first store is read and wanted.
func startListening(t *testing.T, streams source.Streams, before func(*infisical.Server)) *listening {
	t.Helper()
	sim := infisical.New(infisical.Options{})
	sim.AddIdentity(infisical.Identity{ClientID: "id", ClientSecret: "secret"})
	sim.AddProject("shop")
	for _, folder := range []string{"/a", "/b", "/c"} {
		sim.SetSecret("shop", "dev", folder, "KEY", "1")
		sim.SetSecret("shop", "prod", folder, "KEY", "1")
	}
	sim.Start()
	t.Cleanup(sim.Close)
	if before != nil {
		before(sim)
	}
	f := &listening{Server: sim, t: t, sources: sourcesOf(t, source.Config{PollInterval: time.Hour, Streams: streams})}
	f.sources.Lead(true)
	return f
}

// want has folders of an environment read and wanted.
func (f *listening) want(store, environment string, folders ...string) *source.Source {
	f.t.Helper()
	src, err := f.sources.Get(source.Store{
		UID: types.UID(store), Kind: v1.SecretStoreKind, Namespace: "team", Name: store,
		Provider: &v1.SecretStoreProvider{Infisical: &v1.InfisicalProvider{
			HostAPI: ptr.To(f.URL()), SecretsScope: v1.InfisicalScope{ProjectSlug: "shop", EnvironmentSlug: environment},
			Auth: v1.InfisicalAuth{UniversalAuthCredentials: &v1.InfisicalUniversalAuth{ClientID: selectKey("id"), ClientSecret: selectKey("secret")}},
		}},
	}, provider.Material{"clientId": value.FromString("id"), "clientSecret": value.FromString("secret")})
	require.NoError(f.t, err)
	var needs []provider.Need
	for _, folder := range folders {
		needs = append(needs, valueNeed(folder+"/KEY", ""))
	}
	in := src.Inputs(f.t.Context(), needs, time.Now())
	for _, n := range needs {
		require.NoError(f.t, in.Result(n).Err)
	}
	src.Want(types.UID("owner of "+store), "team", needs)
	return src
}

// eventually waits until what is held of a key is value.
func (f *listening) eventually(src *source.Source, key, value string) {
	f.t.Helper()
	n := valueNeed(key, "")
	require.Eventually(f.t, func() bool {
		return string(src.Held([]provider.Need{n}).Result(n).Answer.Value.Bytes()) == value
	}, 20*time.Second, time.Millisecond)
}

// lists waits until as many lists were answered, and checks that there are no more within some time.
func (f *listening) lists(n int) {
	f.t.Helper()
	require.NoError(f.t, f.Requests.Wait(f.t.Context(), infisical.RouteList, n))
	time.Sleep(300 * time.Millisecond)
	require.Equal(f.t, n, f.Requests.Count(infisical.RouteList))
}

func (f *listening) streams(n int) {
	f.t.Helper()
	require.Eventually(f.t, func() bool { return f.Streams() == n }, 20*time.Second, time.Millisecond)
}

// quick are streams whose waits a test can wait for.
func quick() source.Streams {
	return source.Streams{Spacing: 50 * time.Millisecond, Pause: time.Millisecond, Refused: time.Hour}
}

func TestChangeIsHeard(t *testing.T) {
	for name, events := range map[string]infisical.Events{
		"paths by their beginning": {}, "paths by pattern, keys in the older spelling": {Globs: true, OldKeys: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := startListening(t, source.Streams{}, func(sim *infisical.Server) {
				sim.Change(func(b *infisical.Behaviour) { b.Events = events })
			})
			var mu sync.Mutex
			changed := map[provider.Scope][]types.UID{}
			f.sources.Subscribe(func(c source.Change) {
				mu.Lock()
				defer mu.Unlock()
				changed[c.Scope] = c.Owners
			})
			src := f.want("dev", "dev", "/a", "/b")
			f.lists(4) // Read, and read again when the stream was open.
			mu.Lock()
			clear(changed)
			mu.Unlock()

			f.SetSecret("shop", "dev", "/a", "KEY", "2")
			f.eventually(src, "/a/KEY", "2")
			f.lists(5)
			f.SetSecret("shop", "dev", "/c", "KEY", "nobody wants this")
			f.SetSecret("shop", "prod", "/a", "KEY", "nor this")
			f.lists(5)
			for i := range 100 {
				f.SetSecret("shop", "dev", "/b", "KEY", fmt.Sprint("burst ", i))
			}
			f.eventually(src, "/b/KEY", "burst 99")
			require.LessOrEqual(t, f.Requests.Count(infisical.RouteList), 7, "a burst is heard as one, or as one and the rest")
			require.Eventually(t, func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(changed) == 2
			}, 20*time.Second, time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			owner := []types.UID{"owner of dev"}
			require.Equal(t, map[provider.Scope][]types.UID{{Name: "/a"}: owner, {Name: "/b"}: owner}, changed)
			require.Equal(t, 1, f.Requests.Count(infisical.RouteLogin))
			require.Equal(t, 1, f.Requests.Count(infisical.RouteEvents))
		})
	}
}

func TestOneStreamForAllStoresOfAnIdentity(t *testing.T) {
	f := startListening(t, quick(), nil)
	one := f.want("one", "dev", "/a")
	f.streams(1)
	two, other := f.want("two", "dev", "/a", "/b"), f.want("other", "prod", "/a")
	// The stream is opened anew for the second environment, and then carries both.
	require.Eventually(t, func() bool {
		f.SetSecret("shop", "dev", "/a", "KEY", time.Now().String())
		return f.Requests.Count(infisical.RouteEvents) == 2 && f.Streams() == 1
	}, 20*time.Second, 100*time.Millisecond)
	f.SetSecret("shop", "prod", "/a", "KEY", "new")
	f.SetSecret("shop", "dev", "/a", "KEY", "new")
	f.eventually(other, "/a/KEY", "new")
	f.eventually(one, "/a/KEY", "new")
	f.eventually(two, "/a/KEY", "new")
	require.Equal(t, 1, f.Streams())
	require.Equal(t, 1, f.Requests.Count(infisical.RouteLogin))

	// It goes on while one of them is left, and ends with the last.
	f.sources.Forget("one")
	f.sources.Forget("other")
	f.SetSecret("shop", "dev", "/b", "KEY", "2")
	f.eventually(two, "/b/KEY", "2")
	f.sources.Release("owner of two")
	f.streams(0)
}

// What changed while there was no stream is found when there is one again.
func TestStreamThatDropsIsOpenedAgain(t *testing.T) {
	for name, withError := range map[string]bool{"cleanly": false, "with an error": true} {
		t.Run(name, func(t *testing.T) {
			f := startListening(t, quick(), nil)
			src := f.want("dev", "dev", "/a")
			f.lists(2)
			f.Faults.Add(harness.HTML(503).On(infisical.RouteEvents).For(2))
			f.EndStreams(withError)
			f.streams(0)
			f.SetSecret("shop", "dev", "/a", "KEY", "2")
			f.RevokeTokens("id")
			f.eventually(src, "/a/KEY", "2")
			f.streams(1)
			require.Equal(t, 2, f.Requests.Count(infisical.RouteLogin), "the token was over, too")
		})
	}
}

// Where there are no streams, asking for one costs one request, and polls go on.
func TestRefusedStreamIsLeftAlone(t *testing.T) {
	for name, c := range map[string]struct {
		refuse  func(*infisical.Server)
		streams source.Streams
		asked   int
		says    string
	}{
		"the plan has none": {refuse: func(sim *infisical.Server) {
			sim.Change(func(b *infisical.Behaviour) { b.Events.Off = true })
		}, streams: quick(), asked: 1, says: "reason=Invalid"},
		"not permitted": {refuse: func(sim *infisical.Server) {
			sim.Faults.Add(harness.JSON(403, `{"statusCode":403,"error":"PermissionDenied","message":"no"}`).On(infisical.RouteEvents))
		}, streams: quick(), asked: 1, says: "reason=Forbidden"},
		"too many, and when to ask again": {refuse: func(sim *infisical.Server) {
			sim.Faults.Add(harness.Throttled(time.Hour, `{}`).On(infisical.RouteEvents))
		}, streams: quick(), asked: 1},
		"too many": {refuse: func(sim *infisical.Server) {
			sim.Faults.Add(harness.JSON(429, `{}`).On(infisical.RouteEvents))
		}, asked: 1},
		"switched off": {refuse: func(*infisical.Server) {}, streams: source.Streams{Off: true}},
	} {
		t.Run(name, func(t *testing.T) {
			sim := infisical.New(infisical.Options{})
			sim.AddIdentity(infisical.Identity{ClientID: "id", ClientSecret: "secret"})
			sim.AddProject("shop")
			sim.SetSecret("shop", "dev", "/a", "KEY", "1")
			sim.Start()
			t.Cleanup(sim.Close)
			c.refuse(sim)
			var log syncBuffer
			f := &listening{Server: sim, t: t, sources: sourcesOf(t, source.Config{
				PollInterval: 100 * time.Millisecond, Streams: c.streams, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			})}
			f.sources.Lead(true)
			src := f.want("dev", "dev", "/a")
			require.NoError(t, sim.Requests.Wait(t.Context(), infisical.RouteList, 8))
			sim.SetSecret("shop", "dev", "/a", "KEY", "2")
			f.eventually(src, "/a/KEY", "2")
			require.Equal(t, c.asked, sim.Requests.Count(infisical.RouteEvents))
			require.Equal(t, 1, sim.Requests.Count(infisical.RouteLogin))
			_, err := src.Failing()
			require.NoError(t, err, "no store suffers from it")
			require.Contains(t, log.String(), c.says)
			require.LessOrEqual(t, strings.Count(log.String(), "No stream of changes"), 1)
		})
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// However streams end, an attempt is made once in a while: they do not add to what a scope may cost in a minute.
func TestStreamsThatKeepDroppingAreFewRequests(t *testing.T) {
	f := startListening(t, source.Streams{Pause: time.Millisecond}, nil)
	f.want("dev", "dev", "/a")
	f.lists(2)
	f.EndStreams(false)
	f.streams(0)
	f.lists(2)
	require.Empty(t, cmp.Diff(map[string]int{infisical.RouteLogin: 1, infisical.RouteList: 2, infisical.RouteEvents: 1}, f.Requests.Counts()))
}

func TestOnlyTheLeaderListens(t *testing.T) {
	f := startListening(t, quick(), nil)
	f.want("dev", "dev", "/a")
	f.streams(1)
	f.sources.Lead(false)
	f.streams(0)
	f.sources.Lead(true)
	f.streams(1)
}

// Streams end with the Sources, whose Run waits for them: no goroutine is left.
func TestStreamsEndWithTheSources(t *testing.T) {
	f := startListening(t, quick(), nil)
	sources := source.New(source.Config{Providers: builtin.All(nil), PollInterval: time.Hour})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sources.Run(ctx) }()
	f.sources = sources
	sources.Lead(true)
	f.want("dev", "dev", "/a")
	f.streams(1)
	stop()
	require.NoError(t, <-ended)
	stacks := make([]byte, 1<<20)
	require.NotContains(t, string(stacks[:runtime.Stack(stacks, true)]), "infisical.(*client).Stream")
	f.streams(0)
}
