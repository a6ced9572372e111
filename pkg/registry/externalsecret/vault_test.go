package externalsecret

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/author"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// vault is a provider in memory with one scope, whose items are loaded one by one. It is the whole surrounding of a Live,
// and runs in a synctest bubble.
type vault struct {
	mu    sync.Mutex
	items map[string]bool
	hangs bool
	// asked counts the calls.
	revalidations, loads int

	sources *source.Sources
	live    *Live
}

// withVault runs a test with a vault of n items, item-0 and so on, from which configure may make others.
func withVault(t *testing.T, n int, cfg source.Config, test func(t *testing.T, v *vault)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := &vault{items: map[string]bool{}}
		for i := range n {
			v.items[fmt.Sprint("item-", i)] = true
		}
		cfg.Providers = []provider.Provider{v}
		v.sources = source.New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- v.sources.Run(ctx) }()
		defer func() {
			cancel()
			require.NoError(t, <-ended)
		}()
		v.live = &Live{
			Evaluator: &outcome.Evaluator{
				Catalog:   &outcome.Catalog{Stores: v, Namespaces: v, Materials: v, Sources: v.sources, Providers: cfg.Providers, Class: "default"},
				Templates: v, Key: []byte("key"),
			},
			Comparer: &outcome.Comparer{Targets: v, Ledger: outcome.NewLedger()},
			Values: &ValueReaders{Rights: &author.Rights{Authorizer: authorizer.AuthorizerFunc(
				func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
					return authorizer.DecisionAllow, "", nil
				})}},
			GetTimeout: 5 * time.Second, ListTimeout: 2 * time.Second, ListFreshness: 5 * time.Second,
		}
		time.Sleep(time.Millisecond)
		test(t, v)
	})
}

func (v *vault) set(do func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	do()
}

func (v *vault) counts() (revalidations, loads int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.revalidations, v.loads
}

// asUser is the context of a user's request, and what it is warned of.
func asUser(ctx context.Context, name string) (context.Context, *heard) {
	h := &heard{}
	ctx = genericapirequest.WithUser(ctx, &user.DefaultInfo{Name: name})
	ctx = genericapirequest.WithReceivedTimestamp(ctx, time.Now())
	return warning.WithWarningRecorder(ctx, h), h
}

// heard is the warnings of a request.
type heard []string

// AddWarning implements warning.Recorder.
func (h *heard) AddWarning(_, text string) { *h = append(*h, text) }

// secretOf takes all of some items.
func secretOf(keys ...string) *v1.ExternalSecret {
	es := &v1.ExternalSecret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "app", UID: "es"},
		Spec: v1.ExternalSecretSpec{
			SecretStoreRef: &v1.SecretStoreRef{Name: ptr.To("vault"), Kind: ptr.To(v1.ClusterSecretStoreKind)},
			Target:         &v1.ExternalSecretTarget{CreationPolicy: ptr.To(v1.CreationNone)},
		},
	}
	for i, key := range keys {
		es.Spec.Data = append(es.Spec.Data, v1.ExternalSecretData{SecretKey: fmt.Sprint("key-", i), RemoteRef: v1.RemoteRef{Key: key}})
	}
	return es
}

// Find implements outcome.Stores.
func (v *vault) Find(_ string, ref resolve.StoreRef) (outcome.Store, error) {
	spec := &v1.SecretStoreSpec{Provider: &v1.SecretStoreProvider{OnePassword: &v1.OnePasswordProvider{}}}
	store := source.Store{UID: "store", Kind: ref.Kind, Name: ref.Name, Provider: spec.Provider}
	return outcome.Store{Store: store, Spec: spec}, nil
}

func (*vault) NamespaceLabels(string) (labels.Set, bool) { return labels.Set{}, true }

func (*vault) Material(context.Context, string, []provider.Reference) (provider.Material, error) {
	return provider.Material{}, nil
}

func (*vault) TemplateSources(context.Context, *v1.ExternalSecret) (template.Sources, error) {
	return nil, nil
}

func (*vault) Object(host.Object) (meta host.Metadata, exists, known bool) { return meta, false, true }

// The methods of provider.Provider.

func (*vault) Name() string                         { return "vault" }
func (*vault) In(spec *v1.SecretStoreProvider) bool { return spec.OnePassword != nil }
func (*vault) Validate(*v1.SecretStoreProvider, *field.Path, bool, string) field.ErrorList {
	return nil
}
func (*vault) References(*v1.SecretStoreProvider) []provider.Reference { return nil }
func (*vault) Site(*v1.SecretStoreProvider) (*url.URL, error) {
	return &url.URL{Scheme: "https", Host: "vault.example.com"}, nil
}
func (*vault) SiteField() string { return "connectHost" }

func (v *vault) Connect(*v1.SecretStoreProvider, provider.Material, *egress.Policy) (provider.Client, error) {
	return &vaultClient{v}, nil
}

type vaultClient struct{ *vault }

type vaultPicture struct{ items map[string]bool }

func (*vaultPicture) Size() int64 { return 1 }

var theScope = provider.Scope{Name: "vault"}

func (c *vaultClient) call(ctx context.Context, counter *int) error {
	provider.RequestBegins(ctx, "GET /vault")(http.StatusOK)
	c.mu.Lock()
	*counter++
	hangs := c.hangs
	c.mu.Unlock()
	if !hangs {
		return nil
	}
	<-ctx.Done()
	return &provider.Error{Reason: provider.Unavailable, Message: "no answer", Cause: ctx.Err()}
}

func (*vaultClient) Scopes(provider.Need, []provider.Scope) ([]provider.Scope, error) {
	return []provider.Scope{theScope}, nil
}

func (c *vaultClient) Revalidate(ctx context.Context, _ provider.Scope, _ provider.Picture, _ bool) (provider.Picture, error) {
	if err := c.call(ctx, &c.revalidations); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return &vaultPicture{maps.Clone(c.items)}, nil
}

func (c *vaultClient) Load(ctx context.Context, _ provider.Scope, _ provider.Picture, _ provider.PartID) (provider.Part, error) {
	return &vaultPicture{}, c.call(ctx, &c.loads)
}

func (*vaultClient) Lookup(n provider.Need, view provider.View) (provider.Answer, []provider.WantedPart, error) {
	shown, err := view.Picture(theScope)
	if err != nil {
		return provider.Answer{}, nil, err
	}
	answer := provider.Answer{Value: value.FromString("x"), Map: map[string]value.Value{}, Scope: theScope}
	var missing []provider.WantedPart
	for item := range shown.(*vaultPicture).items {
		if n.Kind == provider.KindValue && item != n.Key {
			continue
		}
		answer.Map[item] = answer.Value
		_, err, ok := view.Part(theScope, provider.PartID(item))
		if !ok {
			missing = append(missing, provider.WantedPart{Scope: theScope, ID: provider.PartID(item)})
		} else if err != nil {
			return provider.Answer{}, nil, err
		}
	}
	if len(answer.Map) == 0 {
		return provider.Answer{}, nil, provider.Errorf(provider.NotFound, "no item %q", n.Key)
	}
	return answer, missing, nil
}

func (*vaultClient) Confirm(context.Context, provider.Need, *provider.Answer) error {
	return provider.Errorf(provider.Unavailable, "not asked")
}
func (*vaultClient) Check(context.Context) error                      { return nil }
func (*vaultClient) ListScopes() []provider.Scope                     { return []provider.Scope{theScope} }
func (*vaultClient) List(provider.View) ([]provider.RemoteKey, error) { return nil, nil }
func (*vaultClient) Close()                                           {}
