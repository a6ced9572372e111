package materializer

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// vault is a provider in memory. It counts what it is asked.
type vault struct {
	mu     sync.Mutex
	values map[string]string
	// updated is when the provider says that each value last changed.
	updated time.Time
	// failure answers everything but the direct question for a key.
	failure error
	// hangs makes revalidations wait for their deadline.
	hangs bool
	// deaf, where it is set, keeps answers back until it is closed, whatever becomes of contexts.
	deaf  chan struct{}
	calls map[string]int
}

func newVault() *vault {
	return &vault{values: map[string]string{"user": "alice", "password": "hunter2"}, calls: map[string]int{}}
}

func (v *vault) do(change func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change()
}

func (v *vault) set(key, content string) { v.do(func() { v.values[key] = content }) }

func (v *vault) fail(err error) { v.do(func() { v.failure = err }) }

func (v *vault) count(call string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.calls[call]
}

func (v *vault) asked(ctx context.Context, call string) error {
	v.mu.Lock()
	v.calls[call]++
	hangs, deaf, failure := v.hangs, v.deaf, v.failure
	v.mu.Unlock()
	if deaf != nil {
		<-deaf
	}
	if hangs {
		<-ctx.Done()
		return provider.Errorf(provider.Unavailable, "no answer in time")
	}
	return failure
}

func (v *vault) Name() string                         { return "vault" }
func (v *vault) In(spec *v1.SecretStoreProvider) bool { return spec.OnePassword != nil }
func (v *vault) Site(*v1.SecretStoreProvider) (*url.URL, error) {
	return url.Parse("https://vault.example.com")
}
func (v *vault) Validate(*v1.SecretStoreProvider, *field.Path, bool, string) field.ErrorList {
	return nil
}

func (v *vault) References(spec *v1.SecretStoreProvider) []provider.Reference {
	if auth := spec.OnePassword.Auth; auth != nil {
		return []provider.Reference{provider.SecretReference("token", "provider.onepassword.auth", auth.SecretRef.ConnectTokenSecretRef)}
	}
	return nil
}

func (v *vault) SiteField() string { return "connectHost" }

func (v *vault) Connect(*v1.SecretStoreProvider, provider.Material, *egress.Policy) (provider.Client, error) {
	return &vaultClient{v}, nil
}

type vaultClient struct{ *vault }

type vaultPicture struct {
	values  map[string]string
	updated time.Time
}

func (p *vaultPicture) Size() int64 { return 1 }

// oneTime is the property under which every key has a code that changes every 30 s.
const oneTime = "code"

func periodOf(at time.Time) string { return at.Truncate(30 * time.Second).UTC().Format(time.TimeOnly) }

var vaultScope = provider.Scope{Name: "all"}

func (c *vaultClient) Scopes(provider.Need, []provider.Scope) ([]provider.Scope, error) {
	return []provider.Scope{vaultScope}, nil
}

func (c *vaultClient) Revalidate(ctx context.Context, _ provider.Scope, held provider.Picture, _ bool) (provider.Picture, error) {
	if err := c.asked(ctx, "revalidate"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &vaultPicture{values: map[string]string{}, updated: c.updated}
	same := held != nil && len(held.(*vaultPicture).values) == len(c.values)
	for k, content := range c.values {
		p.values[k] = content
		same = same && held.(*vaultPicture).values[k] == content
	}
	if same {
		return held, nil
	}
	return p, nil
}

func (c *vaultClient) Load(context.Context, provider.Scope, provider.Picture, provider.PartID) (provider.Part, error) {
	return nil, provider.Errorf(provider.Invalid, "there are no parts")
}

func (c *vaultClient) Lookup(n provider.Need, view provider.View) (provider.Answer, []provider.WantedPart, error) {
	p, err := view.Picture(vaultScope)
	if err != nil {
		return provider.Answer{}, nil, err
	}
	picture := p.(*vaultPicture)
	if n.Kind == provider.KindFind {
		found := map[string]value.Value{}
		for k, content := range picture.values {
			if strings.HasPrefix(k, n.Path) {
				found[k] = value.FromString(content)
			}
		}
		return provider.Answer{Map: found}, nil, nil
	}
	content, ok := picture.values[n.Key]
	if !ok {
		return provider.Answer{}, nil, provider.Errorf(provider.NotFound, "there is no such key")
	}
	answer := provider.Answer{Value: value.FromString(content), ID: n.Key, Scope: vaultScope, Updated: picture.updated}
	if n.Property == oneTime {
		answer.Value, answer.Origin = value.FromString(content+" at "+periodOf(time.Now())), answer.Value
	}
	return answer, nil, nil
}

// Confirm answers from what the vault holds, whatever else it answers.
func (c *vaultClient) Confirm(_ context.Context, n provider.Need, _ *provider.Answer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls["confirm"]++
	if _, ok := c.values[n.Key]; ok {
		return provider.Errorf(provider.Unavailable, "the key is there")
	}
	return nil
}

func (c *vaultClient) Check(ctx context.Context) error                  { return c.asked(ctx, "check") }
func (c *vaultClient) ListScopes() []provider.Scope                     { return nil }
func (c *vaultClient) List(provider.View) ([]provider.RemoteKey, error) { return nil, nil }
func (c *vaultClient) Close()                                           {}
