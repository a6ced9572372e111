package source

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// backend is a provider in memory: vaults of items with versions. A key is "vault/item", or "vault1|vault2/item" for one
// that is looked for in both. It counts what is asked of it and how much of that at once.
type backend struct {
	t *testing.T

	mu     sync.Mutex
	host   string
	vaults map[string]map[string]int
	// parts makes items be loaded one by one.
	parts bool
	// tags are those of items, one each.
	tags map[string]string
	// slow makes a Lookup take its time.
	slow func(provider.View)
	// plain has answers change with nothing but the item.
	plain bool
	size  int64
	delay time.Duration
	// fail answers calls: an operation and what it concerns.
	fail func(op Operation, what string) error
	// requests is how many an operation makes, one where it is nil.
	requests func(op Operation, what string) int
	// hang makes calls wait for their deadline.
	hang func(op Operation, what string) bool

	// calls are "operation what", in order of arrival.
	calls               []string
	inFlight, most      map[string]int
	loading, mostLoads  int
	clients             []*fakeClient
	reach               *egress.Policy
	lastConfirmed       *provider.Answer
	changedAlways, boom bool
	// sent is how many requests were made.
	sent int
}

func newBackend(t *testing.T) *backend {
	return &backend{
		t:        t,
		host:     "vault.example.com",
		vaults:   map[string]map[string]int{"a": {"x": 1, "y": 1}, "b": {"z": 1}},
		size:     10,
		inFlight: map[string]int{},
		most:     map[string]int{},
	}
}

func (b *backend) set(do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do()
}

// count is the number of calls that begin with prefix.
func (b *backend) count(prefix string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, c := range b.calls {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

// requestsSent is the number of requests that the calls have made.
func (b *backend) requestsSent() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sent
}

func (b *backend) isClosed(client int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clients[client].closed
}

func (b *backend) Name() string                         { return "fake" }
func (b *backend) In(spec *v1.SecretStoreProvider) bool { return spec.OnePassword != nil }
func (b *backend) Validate(*v1.SecretStoreProvider, *field.Path, bool, string) field.ErrorList {
	return nil
}
func (b *backend) References(*v1.SecretStoreProvider) []provider.Reference { return nil }
func (b *backend) Site(*v1.SecretStoreProvider) (*url.URL, error) {
	return &url.URL{Scheme: "https", Host: b.host + ":443"}, nil
}

func (b *backend) SiteField() string { return "host" }

func (b *backend) Connect(_ *v1.SecretStoreProvider, material provider.Material, reach *egress.Policy) (provider.Client, error) {
	if string(material["token"].Bytes()) == "malformed" {
		return nil, provider.Errorf(provider.Invalid, "the token is malformed")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := &fakeClient{backend: b, generation: len(b.clients)}
	b.reach = reach
	b.clients = append(b.clients, c)
	return c, nil
}

type fakeClient struct {
	*backend
	generation int
	underway   int
	closed     bool
}

type fakePicture struct {
	rows       map[string]int
	tags       map[string]string
	asked      time.Time
	generation int
	size       int64
}

func (p *fakePicture) Size() int64 { return p.size }

type fakePart struct {
	content string
	size    int64
}

func (p *fakePart) Size() int64 { return p.size }

func (b *backend) requestsOf(op Operation, what string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 1
	if b.requests != nil {
		n = b.requests(op, what)
	}
	b.sent += n
	return n
}

// theRoute is that of every request.
const theRoute = "GET /scope"

// do is what every call of the client goes through.
func (c *fakeClient) do(ctx context.Context, op Operation, what string) error {
	name := string(op) + " " + what
	for range c.requestsOf(op, what) {
		provider.RequestBegins(ctx, theRoute)(http.StatusOK)
	}
	c.mu.Lock()
	if c.closed {
		c.t.Errorf("%s of a client that was closed", name)
	}
	c.underway++
	c.calls = append(c.calls, name)
	key := fmt.Sprint(c.generation, name)
	c.inFlight[key]++
	c.most[name] = max(c.most[name], c.inFlight[key])
	if op == Load {
		c.loading++
		c.mostLoads = max(c.mostLoads, c.loading)
	}
	delay, fail, hang, boom := c.delay, c.fail, c.hang, c.boom
	c.mu.Unlock()
	defer c.set(func() {
		c.underway--
		c.inFlight[key]--
		if op == Load {
			c.loading--
		}
	})
	if boom {
		panic("secret value of the provider")
	}
	if hang != nil && hang(op, what) {
		<-ctx.Done()
		return &provider.Error{Reason: provider.Unavailable, Message: what + " did not answer", Cause: ctx.Err()}
	}
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return &provider.Error{Reason: provider.Unavailable, Message: what + " did not answer", Cause: ctx.Err()}
	}
	if fail != nil {
		return fail(op, what)
	}
	return nil
}

func (c *fakeClient) Scopes(n provider.Need, _ []provider.Scope) ([]provider.Scope, error) {
	if n.Kind == provider.KindFind {
		return []provider.Scope{{Name: n.Path}}, nil
	}
	vaults, _, ok := strings.Cut(n.Key, "/")
	if !ok {
		return nil, provider.Errorf(provider.Invalid, "%q names no vault", n.Key)
	}
	var scopes []provider.Scope
	for v := range strings.SplitSeq(vaults, "|") {
		scopes = append(scopes, provider.Scope{Name: v})
	}
	return scopes, nil
}

func (c *fakeClient) Revalidate(ctx context.Context, s provider.Scope, held provider.Picture, thorough bool) (provider.Picture, error) {
	asked := time.Now()
	if err := c.do(ctx, Revalidate, s.Name); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if thorough {
		c.calls = append(c.calls, "thorough "+s.Name)
	}
	rows, ok := c.vaults[s.Name]
	if !ok {
		return nil, provider.Errorf(provider.ScopeNotFound, "no vault %q", s.Name)
	}
	p := &fakePicture{rows: map[string]int{}, tags: maps.Clone(c.tags), asked: asked, generation: c.generation, size: c.size}
	same := held != nil && !c.changedAlways && len(held.(*fakePicture).rows) == len(rows) && maps.Equal(held.(*fakePicture).tags, p.tags)
	for k, v := range rows {
		p.rows[k] = v
		same = same && held.(*fakePicture).rows[k] == v
	}
	if same {
		return held, nil
	}
	return p, nil
}

func (c *fakeClient) Load(ctx context.Context, s provider.Scope, picture provider.Picture, id provider.PartID) (provider.Part, error) {
	if err := c.do(ctx, Load, s.Name+"/"+string(id)); err != nil {
		return nil, err
	}
	return &fakePart{content: string(id), size: c.size}, nil
}

func (c *fakeClient) Lookup(n provider.Need, view provider.View) (provider.Answer, []provider.WantedPart, error) {
	if c.slow != nil {
		c.slow(view)
	}
	if n.Kind == provider.KindFind {
		return c.find(n, view)
	}
	scopes, _ := c.Scopes(n, nil)
	_, item, _ := strings.Cut(n.Key, "/")
	for _, s := range scopes {
		p, err := view.Picture(s)
		if err != nil {
			return provider.Answer{}, nil, err
		}
		picture := p.(*fakePicture)
		version, ok := picture.rows[item]
		if !ok {
			continue
		}
		id := fmt.Sprintf("%s@%d", item, version)
		answer := provider.Answer{Version: fmt.Sprint(picture.generation), Updated: picture.asked, ID: item, Scope: s, Value: value.FromString(id)}
		if c.plain {
			answer.Version, answer.Updated = fmt.Sprint(version), time.Time{}
		}
		if !c.parts {
			return answer, nil, nil
		}
		part, err, ok := view.Part(s, provider.PartID(id))
		if !ok {
			return provider.Answer{}, []provider.WantedPart{{Scope: s, ID: provider.PartID(id)}}, nil
		}
		if err != nil {
			return provider.Answer{}, nil, err
		}
		answer.Value = value.FromString(part.(*fakePart).content)
		return answer, nil, nil
	}
	return provider.Answer{}, nil, provider.Errorf(provider.NotFound, "no item %q", item)
}

func (c *fakeClient) Confirm(ctx context.Context, n provider.Need, last *provider.Answer) error {
	c.set(func() { c.lastConfirmed = last })
	return c.do(ctx, Confirm, n.Key)
}

func (c *fakeClient) Check(ctx context.Context) error { return c.do(ctx, Check, "") }

func (c *fakeClient) ListScopes() []provider.Scope {
	return []provider.Scope{{Name: "a"}, {Name: "b"}}
}

func (c *fakeClient) List(view provider.View) ([]provider.RemoteKey, error) {
	var keys []provider.RemoteKey
	for _, s := range c.ListScopes() {
		p, err := view.Picture(s)
		if err != nil {
			return nil, err
		}
		for k := range p.(*fakePicture).rows {
			keys = append(keys, provider.RemoteKey{Key: k, Scope: s.Name})
		}
	}
	return keys, nil
}

func (c *fakeClient) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.underway > 0 {
		c.t.Errorf("closed twice (%v) or with %d calls under way", c.closed, c.underway)
	}
	c.closed = true
}

var theStore = Store{
	UID: "uid-1", Kind: "SecretStore", Namespace: "team", Name: "vault",
	Provider: &v1.SecretStoreProvider{OnePassword: &v1.OnePasswordProvider{}},
}

func token(s string) provider.Material {
	return provider.Material{"token": value.FromString(s)}
}

func need(key string) provider.Need {
	return provider.Need{Kind: provider.KindValue, Key: key}
}

func needs(keys ...string) []provider.Need {
	var out []provider.Need
	for _, k := range keys {
		out = append(out, need(k))
	}
	return out
}

// fixture is Sources that run in a synctest bubble, with one Source.
type fixture struct {
	*backend
	*testing.T
	sources *Sources
	src     *Source
}

// run runs a test in a bubble. That it ends means that no goroutine is left: synctest sees to it.
func run(t *testing.T, configure func(*backend, *Config), test func(t *testing.T, f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBackend(t)
		cfg := Config{Providers: []provider.Provider{b}}
		if configure != nil {
			configure(b, &cfg)
		}
		s := New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		defer func() {
			cancel()
			require.NoError(t, <-ended)
			for _, c := range b.clients {
				require.True(t, c.closed, "client %d was not closed", c.generation)
				require.Zero(t, c.underway)
			}
		}()
		src, err := s.Get(theStore, token("one"))
		require.NoError(t, err)
		// No time stamp of a test is that of the beginning.
		time.Sleep(time.Millisecond)
		test(t, &fixture{backend: b, T: t, sources: s, src: src})
	})
}

// get is Inputs for one key with a live read's deadline.
func (f *fixture) get(key string) provider.Result {
	return f.getFrom(time.Now(), key)
}

func (f *fixture) getFrom(notBefore time.Time, key string) provider.Result {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), 5*time.Second)
	defer cancel()
	in := f.src.Inputs(ctx, needs(key), notBefore)
	return in.Result(need(key))
}

func (f *fixture) value(r provider.Result) string {
	f.Helper()
	require.NoError(f.T, r.Err)
	return string(r.Answer.Value.Bytes())
}

func (f *fixture) reason(r provider.Result) provider.Reason {
	f.Helper()
	require.Error(f.T, r.Err)
	return provider.ReasonOf(r.Err)
}

func uid(n int) types.UID { return types.UID(fmt.Sprint("owner-", n)) }
