package outcome_test

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
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

// fixture is one ClusterSecretStore on a simulated 1Password Connect, with the host's side held in maps.
type fixture struct {
	sim        *connect.Server
	stores     map[resolve.StoreRef]outcome.Store
	namespaces map[string]labels.Set
	token      string
	templates  template.Sources
	// made counts how often the templates were read: once for each ExternalSecret that something is made of.
	made int
	// found and read count how often a store was looked for, and its credential read.
	found, read int
	secrets     map[string]host.Metadata
	// clock is the time of one-time codes.
	clock time.Time

	ledger    *outcome.Ledger
	evaluator *outcome.Evaluator
	comparer  *outcome.Comparer
}

var storeRef = resolve.StoreRef{Kind: v1.ClusterSecretStoreKind, Name: "onepassword"}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	sim := connect.New(connect.Options{})
	t.Cleanup(sim.Close)
	f := &fixture{
		sim:        sim,
		namespaces: map[string]labels.Set{"team": {"kubernetes.io/metadata.name": "team", "tier": "web"}},
		token:      connect.DefaultToken,
		secrets:    map[string]host.Metadata{},
		ledger:     outcome.NewLedger(),
	}
	sim.AddVault("apps").AddItem(connect.Item{Title: "db", Fields: []connect.Field{
		connect.Text("user", "alice"), connect.Concealed("password", "hunter2"),
	}})
	spec := &v1.SecretStoreSpec{Provider: storespec.Connect(sim.Start(), storespec.KeyIn("security", "token", "token"), "apps")}
	f.stores = map[resolve.StoreRef]outcome.Store{storeRef: {
		Store: source.Store{UID: "store", Kind: storeRef.Kind, Name: storeRef.Name, Provider: spec.Provider}, Spec: spec,
	}}

	providers := []provider.Provider{onepassword.NewAt(func() time.Time { return f.clock })}
	sources := source.New(source.Config{Providers: providers})
	running, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = sources.Run(running)
	}()
	t.Cleanup(func() { stop(); <-done })

	f.evaluator = &outcome.Evaluator{
		Catalog:   &outcome.Catalog{Stores: f, Namespaces: f, Materials: f, Sources: sources, Providers: providers, Class: "default"},
		Templates: f,
		Key:       []byte("a key of this test"),
	}
	f.comparer = &outcome.Comparer{Targets: f, Ledger: f.ledger}
	return f
}

// live is a live read.
func (f *fixture) live(t *testing.T, es *v1.ExternalSecret) *v1.LiveStatus {
	t.Helper()
	shown := f.evaluator.Look(t.Context(), []*v1.ExternalSecret{es}, now())
	return f.comparer.Live(t.Context(), &shown[0])
}

func (f *fixture) Find(_ string, ref resolve.StoreRef) (outcome.Store, error) {
	f.found++
	store, ok := f.stores[ref]
	if !ok {
		return store, provider.Errorf(provider.ScopeNotFound, "%s does not exist", ref)
	}
	return store, nil
}

func (f *fixture) NamespaceLabels(name string) (labels.Set, bool) {
	set, ok := f.namespaces[name]
	return set, ok
}

func (f *fixture) Material(context.Context, string, []provider.Reference) (provider.Material, error) {
	f.read++
	if f.token == "" {
		return nil, provider.Errorf(provider.Invalid, "Secret security/token does not exist")
	}
	return provider.Material{"token": value.FromString(f.token)}, nil
}

func (f *fixture) TemplateSources(context.Context, *v1.ExternalSecret) (template.Sources, error) {
	f.made++
	return f.templates, nil
}

func (f *fixture) Object(o host.Object) (meta host.Metadata, exists, known bool) {
	m, ok := f.secrets[o.Name]
	return m, ok, true
}

// externalSecret takes all of one item.
func externalSecret(change ...func(*v1.ExternalSecret)) *v1.ExternalSecret {
	es := &v1.ExternalSecret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "db", UID: types.UID("es")},
		Spec: v1.ExternalSecretSpec{
			SecretStoreRef: &v1.SecretStoreRef{Name: ptr.To(storeRef.Name), Kind: ptr.To(storeRef.Kind)},
			DataFrom:       []v1.ExternalSecretDataFrom{{Extract: &v1.RemoteRef{Key: "db"}}},
			Target:         &v1.ExternalSecretTarget{CreationPolicy: ptr.To(v1.CreationOwner)},
		},
	}
	for _, c := range change {
		c(es)
	}
	return es
}

// rendered gives the target a template.
func rendered(data map[string]string) func(*v1.ExternalSecret) {
	return func(es *v1.ExternalSecret) { es.Spec.Target.Template = &v1.ExternalSecretTemplate{Data: data} }
}

func policy(p v1.CreationPolicy) func(*v1.ExternalSecret) {
	return func(es *v1.ExternalSecret) { es.Spec.Target.CreationPolicy = ptr.To(p) }
}

// secretsOf serves one Secret as it stands on the host.
type secretsOf struct{ secret *corev1.Secret }

func (s secretsOf) Get(context.Context, string, string) (*corev1.Secret, error) { return s.secret, nil }
