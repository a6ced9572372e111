package externalsecret

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/utils/ptr"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
	"github.com/live-secrets/external-secrets-apiserver/pkg/embeddedetcd"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/onepassword"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/storespec"
)

const (
	fixtureNamespace = "team"
	fixtureItems     = 100
)

// fixture is the registry over an etcd and a watch cache of its own, with one ClusterSecretStore on a simulated 1Password
// Connect. The host is held in maps.
type fixture struct {
	rest    *REST
	ledger  *outcome.Ledger
	sim     *connect.Server
	store   outcome.Store
	targets map[string]host.Metadata
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{ledger: outcome.NewLedger(), sim: connect.New(connect.Options{}), targets: map[string]host.Metadata{}}
	t.Cleanup(f.sim.Close)
	vault := f.sim.AddVault("apps")
	for i := range fixtureItems {
		vault.AddItem(connect.Item{Title: fmt.Sprint("item-", i), Fields: []connect.Field{
			connect.Text("user", "alice"), connect.Concealed("password", fmt.Sprint("hunter", i)),
		}})
	}
	spec := &v1.SecretStoreSpec{Provider: storespec.Connect(f.sim.Start(), storespec.KeyIn("security", "token", "token"), "apps")}
	f.store = outcome.Store{
		Store: source.Store{UID: "store", Kind: v1.ClusterSecretStoreKind, Name: "vault", Provider: spec.Provider}, Spec: spec,
	}
	providers := []provider.Provider{onepassword.New()}
	sources := source.New(source.Config{Providers: providers})
	run(t, sources.Run)
	evaluator := &outcome.Evaluator{
		Catalog:   &outcome.Catalog{Stores: f, Namespaces: f, Materials: f, Sources: sources, Providers: providers, Class: "default"},
		Templates: f,
		Key:       []byte("a key of this test"),
	}
	live := &Live{
		Evaluator:  evaluator,
		Comparer:   &outcome.Comparer{Targets: f, Ledger: f.ledger},
		GetTimeout: 5 * time.Second, ListTimeout: 30 * time.Second, ListFreshness: time.Hour,
	}
	f.rest = NewREST(newTestStore(t, f.ledger), live, &Authors{})
	return f
}

// run has what runs until its context ends do so until the test has.
func run(t testing.TB, do func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- do(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
}

// newTestStore is the Store that the server has, watch cache and all.
func newTestStore(t testing.TB, ledger *outcome.Ledger) *genericregistry.Store {
	t.Helper()
	etcd, err := embeddedetcd.Start(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(etcd.Close)
	scheme := install.Scheme()
	config := storagebackend.NewDefaultConfig("/registry/external-secrets.io", serializer.NewCodecFactory(scheme).LegacyCodec(v1.SchemeGroupVersion))
	config.Transport.ServerList = []string{etcd.Endpoint()}
	options := generic.RESTOptions{
		StorageConfig:  config.ForResource(v1.Resource("externalsecrets")),
		Decorator:      genericregistry.StorageWithCacher(),
		ResourcePrefix: "externalsecrets",
	}
	store, err := NewStore(scheme, options, Table{LastObserved: ledger.LastObserved}, validation.Rules{})
	require.NoError(t, err)
	t.Cleanup(store.Destroy)
	require.Eventually(t, func() bool { return store.ReadinessCheck() == nil }, time.Minute, 10*time.Millisecond)
	return store
}

// Find implements outcome.Stores.
func (f *fixture) Find(_ string, ref resolve.StoreRef) (outcome.Store, error) {
	if ref.Name != f.store.Name {
		return outcome.Store{}, provider.Errorf(provider.ScopeNotFound, "%s does not exist", ref)
	}
	return f.store, nil
}

// NamespaceLabels implements outcome.Namespaces.
func (f *fixture) NamespaceLabels(string) (labels.Set, bool) { return labels.Set{}, true }

// Material implements outcome.Materials.
func (f *fixture) Material(context.Context, string, []provider.Reference) (provider.Material, error) {
	return provider.Material{"token": value.FromString(connect.DefaultToken)}, nil
}

// TemplateSources implements outcome.TemplateSources.
func (f *fixture) TemplateSources(context.Context, *v1.ExternalSecret) (template.Sources, error) {
	return nil, nil
}

// Object implements outcome.Targets.
func (f *fixture) Object(o host.Object) (meta host.Metadata, exists, known bool) {
	meta, exists = f.targets[o.Name]
	return meta, exists, true
}

// externalSecret is a typical one as its author writes it: two keys of an item, and what kubectl left behind.
func externalSecret(t testing.TB, i int, change ...func(*v1.ExternalSecret)) *v1.ExternalSecret {
	t.Helper()
	ref := func(property string) v1.RemoteRef {
		return v1.RemoteRef{Key: fmt.Sprint("item-", i%fixtureItems), Property: ptr.To(property)}
	}
	es := &v1.ExternalSecret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: fixtureNamespace, Name: fmt.Sprintf("app-%d", i),
			Labels: map[string]string{"app.kubernetes.io/name": fmt.Sprint("app-", i), "app.kubernetes.io/instance": "prod"},
		},
		Spec: v1.ExternalSecretSpec{
			RefreshInterval: ptr.To("1h"),
			SecretStoreRef:  &v1.SecretStoreRef{Name: ptr.To("vault"), Kind: ptr.To(v1.ClusterSecretStoreKind)},
			Data:            []v1.ExternalSecretData{{SecretKey: "user", RemoteRef: ref("user")}, {SecretKey: "password", RemoteRef: ref("password")}},
			Target:          &v1.ExternalSecretTarget{Name: ptr.To(fmt.Sprint("app-", i)), CreationPolicy: ptr.To(v1.CreationOwner)},
		},
	}
	for _, c := range change {
		c(es)
	}
	applied, err := json.Marshal(es)
	require.NoError(t, err)
	es.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": string(applied)}
	return es
}

// create stores an ExternalSecret, with the fields of its manager, and has its Secret stand.
func (f *fixture) create(t testing.TB, es *v1.ExternalSecret) *v1.ExternalSecret {
	t.Helper()
	es.ManagedFields = []metav1.ManagedFieldsEntry{{
		Manager: "kubectl", Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: v1.SchemeGroupVersion.String(),
		FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:labels":{".":{},"f:app.kubernetes.io/instance":{}}},"f:spec":{".":{},"f:data":{},"f:refreshInterval":{},"f:secretStoreRef":{},"f:target":{}}}`),
	}}
	created, err := f.rest.Store.Create(requestContext(), es, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	require.NoError(t, err)
	stored := created.(*v1.ExternalSecret)
	i := f.item(stored)
	f.targets[outcome.TargetName(stored)] = host.Metadata{
		Namespace: stored.Namespace, Name: outcome.TargetName(stored), UID: types.UID("secret-" + stored.Name), ResourceVersion: "7", Managed: true,
		DataHash: secret.HashOf(map[string]value.Value{"user": value.FromString("alice"), "password": value.FromString(fmt.Sprint("hunter", i))}),
	}
	// The watch cache may be a moment behind.
	require.Eventually(t, func() bool {
		_, err := f.rest.Store.Get(requestContext(), stored.Name, &metav1.GetOptions{ResourceVersion: "0"})
		return err == nil
	}, time.Minute, time.Millisecond)
	return stored
}

// item is the number of the item that an ExternalSecret is made of.
func (f *fixture) item(es *v1.ExternalSecret) (i int) {
	_, _ = fmt.Sscanf(es.Spec.Data[0].RemoteRef.Key, "item-%d", &i)
	return i
}

// requestContext is that of a request which comes now.
func requestContext() context.Context {
	ctx := genericapirequest.WithNamespace(context.Background(), fixtureNamespace)
	return genericapirequest.WithReceivedTimestamp(ctx, time.Now())
}
