package onepassword_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/onepassword"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/storespec"
)

// start serves a simulated Connect.
func start(t *testing.T, behaviour connect.Behaviour) *connect.Server {
	t.Helper()
	sim := connect.New(connect.Options{Behaviour: behaviour})
	sim.Start()
	t.Cleanup(sim.Close)
	return sim
}

func spec(host string, vaults ...string) *v1.SecretStoreProvider {
	return storespec.Connect(host, storespec.Key("connect-token", "token"), vaults...)
}

func material(token string) provider.Material {
	return provider.Material{onepassword.PurposeToken: value.FromString(token)}
}

func dial(t *testing.T, sim *connect.Server, vaults ...string) provider.Client {
	t.Helper()
	client, err := onepassword.New().Connect(spec(sim.URL(), vaults...), material(connect.DefaultToken), nil)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// store keeps what a Source would: pictures and parts. It implements provider.View.
type store struct {
	provider.Client
	pictures map[provider.Scope]provider.Picture
	failed   map[provider.Scope]error
	parts    map[provider.WantedPart]provider.Part
	broken   map[provider.WantedPart]error
}

func newStore(client provider.Client) *store {
	return &store{
		Client:   client,
		pictures: map[provider.Scope]provider.Picture{},
		failed:   map[provider.Scope]error{},
		parts:    map[provider.WantedPart]provider.Part{},
		broken:   map[provider.WantedPart]error{},
	}
}

func (s *store) Picture(scope provider.Scope) (provider.Picture, error) {
	return s.pictures[scope], s.failed[scope]
}

func (s *store) Part(scope provider.Scope, id provider.PartID) (provider.Part, error, bool) {
	at := provider.WantedPart{Scope: scope, ID: id}
	if err := s.broken[at]; err != nil {
		return nil, err, true
	}
	part, ok := s.parts[at]
	return part, nil, ok
}

// poll revalidates every scope.
func (s *store) poll(t *testing.T, thorough bool) {
	t.Helper()
	for _, scope := range s.ListScopes() {
		seen, err := s.Revalidate(t.Context(), scope, s.pictures[scope], thorough)
		s.failed[scope] = err
		if err == nil {
			s.pictures[scope] = seen
			require.Positive(t, seen.Size())
		}
	}
}

// answer looks a need up, loading what it lacks.
func (s *store) answer(t *testing.T, n provider.Need) (provider.Answer, error) {
	t.Helper()
	clear(s.broken)
	for range 4 {
		answer, wanted, err := s.Lookup(n, s)
		if err != nil || len(wanted) == 0 {
			return answer, err
		}
		for _, part := range wanted {
			loaded, err := s.Load(t.Context(), part.Scope, s.pictures[part.Scope], part.ID)
			if err != nil {
				s.broken[part] = err
				continue
			}
			s.parts[part] = loaded
		}
	}
	t.Fatal("the need is not answered although everything it wants is loaded")
	return provider.Answer{}, nil
}

func seen(t *testing.T, sim *connect.Server, vaults ...string) *store {
	t.Helper()
	s := newStore(dial(t, sim, vaults...))
	s.poll(t, false)
	return s
}

func key(key, property string) provider.Need {
	return provider.Need{Kind: provider.KindValue, Key: key, Property: property}
}

func extract(key, property string) provider.Need {
	return provider.Need{Kind: provider.KindMap, Key: key, Property: property}
}

// requests asserts what was asked of Connect since the last call, and forgets it.
func requests(t *testing.T, sim *connect.Server, want map[string]int) {
	t.Helper()
	if diff := cmp.Diff(want, sim.Requests.Counts()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	sim.Requests.Reset()
}

func opened(values map[string]value.Value) map[string]string {
	out := map[string]string{}
	for name, v := range values {
		out[name] = string(v.Bytes())
	}
	return out
}

func requireReason(t *testing.T, want provider.Reason, err error) *provider.Error {
	t.Helper()
	var failed *provider.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, want, failed.Reason, failed.Message)
	return failed
}

// soon is a context that ends long after what it is for should have.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

var errElsewhere = errors.New("elsewhere")
