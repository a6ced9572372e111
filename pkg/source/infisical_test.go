package source_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

// instance is a simulated Infisical with folders /f0, /f1, ... of one secret each, KEY, and Sources that lead.
type instance struct {
	*infisical.Server
	t       *testing.T
	sources *source.Sources
	src     *source.Source
}

const pollsOfInstance = 200 * time.Millisecond

func newInstance(t *testing.T, folders int, identity infisical.Identity) *instance {
	t.Helper()
	sim := infisical.New(infisical.Options{})
	identity.ClientID, identity.ClientSecret = "id", "secret"
	sim.AddIdentity(identity)
	sim.AddProject("shop")
	for i := range folders {
		sim.SetSecret("shop", "dev", fmt.Sprint("/f", i), "KEY", "1")
	}
	sim.Start()
	t.Cleanup(sim.Close)
	f := &instance{Server: sim, t: t}
	f.sources = sourcesOf(t, source.Config{PollInterval: pollsOfInstance, Streams: source.Streams{Off: true}})
	f.sources.Lead(true)
	src, err := f.sources.Get(source.Store{
		UID: "store", Kind: v1.SecretStoreKind, Namespace: "team", Name: "store",
		Provider: &v1.SecretStoreProvider{Infisical: &v1.InfisicalProvider{
			HostAPI: ptr.To(f.URL()), SecretsScope: v1.InfisicalScope{ProjectSlug: "shop", EnvironmentSlug: "dev"},
			Auth: v1.InfisicalAuth{UniversalAuthCredentials: &v1.InfisicalUniversalAuth{ClientID: selectKey("id"), ClientSecret: selectKey("secret")}},
		}},
	}, provider.Material{"clientId": value.FromString("id"), "clientSecret": value.FromString("secret")})
	require.NoError(t, err)
	f.src = src
	return f
}

// want has the keys of so many folders wanted, each by an owner of its own.
func (f *instance) want(folders int) {
	f.t.Helper()
	for i := range 10 {
		owner := types.UID(fmt.Sprint("owner ", i))
		if i >= folders {
			f.sources.Release(owner)
			continue
		}
		n := valueNeed(fmt.Sprintf("/f%d/KEY", i), "")
		f.src.Want(owner, "team", []provider.Need{n})
		require.NoError(f.t, f.src.Inputs(f.t.Context(), []provider.Need{n}, time.Now()).Result(n).Err)
	}
}

// asked are the lists of some polls, by folder; those below are marked by a star.
func (f *instance) asked() map[string]int {
	f.Requests.Reset()
	time.Sleep(5 * pollsOfInstance)
	got := map[string]int{}
	for _, e := range f.Requests.Entries() {
		require.Equal(f.t, infisical.RouteList, e.Route)
		folder := e.Query.Get("secretPath")
		if e.Query.Get("recursive") == "true" {
			folder += "*"
		}
		got[folder]++
	}
	return got
}

// settles waits until polls ask for exactly these.
func (f *instance) settles(folders ...string) {
	f.t.Helper()
	var got map[string]int
	require.Eventually(f.t, func() bool {
		got = f.asked()
		if len(got) != len(folders) {
			return false
		}
		for _, folder := range folders {
			if got[folder] == 0 {
				return false
			}
		}
		return true
	}, 30*time.Second, time.Millisecond, "%v", got)
}

// refused tells whether a list was asked for and not given.
func (f *instance) refused(folder string) bool {
	for _, e := range f.Requests.Entries() {
		if e.Status == http.StatusForbidden && e.Query.Get("secretPath")+"*" == folder && e.Query.Get("recursive") == "true" {
			return true
		}
	}
	return false
}

func (f *instance) value(folder int) provider.Result {
	n := valueNeed(fmt.Sprintf("/f%d/KEY", folder), "")
	return f.src.Inputs(f.t.Context(), []provider.Need{n}, time.Now()).Result(n)
}

// An idle poll is one request for each folder that is wanted, which brings nothing.
func TestIdlePollsOfInfisical(t *testing.T) {
	f := newInstance(t, 2, infisical.Identity{})
	f.want(2)
	f.Requests.Reset()
	require.NoError(t, f.Requests.Wait(t.Context(), infisical.RouteList, 12))
	answered := 0
	for _, e := range f.Requests.Entries() {
		require.Equal(t, infisical.RouteList, e.Route)
		require.NotEmpty(t, e.Header.Get("If-None-Match"))
		if e.Status != 0 {
			require.Equal(t, http.StatusNotModified, e.Status)
			answered++
		}
	}
	require.GreaterOrEqual(t, answered, 8)
}

func TestManyFoldersAreOneList(t *testing.T) {
	f := newInstance(t, 6, infisical.Identity{})
	f.want(4)
	f.settles("/f0", "/f1", "/f2", "/f3")
	f.want(6)
	f.settles("/*")
	f.SetSecret("shop", "dev", "/f5", "KEY", "2")
	require.Equal(t, "2", string(f.value(5).Answer.Value.Bytes()))
	require.Empty(t, cmp.Diff(map[string]int{"/*": 1}, starred(f.asked())))

	// It stays until there are few, so that one ExternalSecret more or less changes nothing.
	f.want(3)
	f.settles("/*")
	f.want(2)
	f.settles("/f0", "/f1")
}

// starred counts each folder once.
func starred(asked map[string]int) map[string]int {
	for folder := range asked {
		asked[folder] = 1
	}
	return asked
}

// Where the list of all does not show every folder that is wanted, the folders are asked.
func TestManyFoldersThatOneListDoesNotShow(t *testing.T) {
	folders := []string{"/f0", "/f1", "/f2", "/f3", "/f4", "/f5"}
	t.Run("the list may not be read", func(t *testing.T) {
		rules := []infisical.Rule{{Path: "/", Access: infisical.None}}
		for _, folder := range folders {
			rules = append(rules, infisical.Rule{Path: folder, Access: infisical.Full})
		}
		f := newInstance(t, 6, infisical.Identity{Rules: rules})
		f.want(6)
		require.Eventually(t, func() bool { return f.refused("/*") }, 30*time.Second, time.Millisecond)
		f.settles(folders...)
		_, err := f.src.Failing()
		require.NoError(t, err)
	})
	t.Run("a folder is empty", func(t *testing.T) {
		f := newInstance(t, 6, infisical.Identity{})
		f.want(6)
		f.settles("/*")
		f.DeleteSecret("shop", "dev", "/f5", "KEY")
		f.settles(folders...)
	})
}

// Whether a key is gone is known as well through the one list as through many.
func TestKeyThatGoesWhileListsChange(t *testing.T) {
	f := newInstance(t, 6, infisical.Identity{})
	f.SetSecret("shop", "dev", "/f5", "OTHER", "1")
	f.want(6)
	f.DeleteSecret("shop", "dev", "/f5", "KEY")
	n := valueNeed("/f5/KEY", "")
	gone := func() bool {
		r := f.src.InputsForDeletion(t.Context(), []provider.Need{n}, time.Now()).Result(n)
		require.Equal(t, provider.NotFound, provider.ReasonOf(r.Err))
		return r.Gone
	}
	require.False(t, gone(), "it was missing once")
	f.settles("/*")
	require.True(t, gone())
	f.SetSecret("shop", "dev", "/f5", "KEY", "2")
	require.Equal(t, "2", string(f.value(5).Answer.Value.Bytes()))
}
