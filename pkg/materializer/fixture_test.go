package materializer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	kubernetesfake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned/fake"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/informers/externalversions"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/pulse"
	"github.com/live-secrets/external-secrets-apiserver/pkg/resolve"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
	"github.com/live-secrets/external-secrets-apiserver/test/storespec"
)

const poll = 10 * time.Second

// fixture is a Materializer with everything around it in memory: a vault behind Sources, a host, this server's own API.
// It lives in a synctest bubble, so that hours pass at once.
type fixture struct {
	t     testing.TB
	vault *vault
	// provider is the vault, or another in its place.
	provider provider.Provider
	host     *cluster
	hostAPI  *kubernetesfake.Clientset
	api      *fake.Clientset
	ledger   *outcome.Ledger
	config   Config
	m        *Materializer
	pulse    *pulse.Pulse
	stop     func()

	mu      sync.Mutex
	version int
	// refuse answers the next status writes.
	refuse []error
	writes []string
	// noLeases is set while the host answers nothing about Leases.
	noLeases bool
}

// bubble runs a test against a fixture in a synctest bubble.
func bubble(t *testing.T, test func(t *testing.T, f *fixture), change ...func(*Config)) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.start(change...)
		defer func() { f.stop() }()
		test(t, f)
	})
}

// The generated NewClientset tracks fields, which needs schemas that the generated apply configurations do not carry.
func newFixture(t testing.TB) *fixture {
	f := &fixture{t: t, vault: newVault(), host: newCluster(), hostAPI: kubernetesfake.NewClientset(), api: fake.NewSimpleClientset(), pulse: pulse.New()}
	f.provider = f.vault
	for _, verb := range []string{"create", "update"} {
		f.api.PrependReactor(verb, "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
			return f.write(f.api.Tracker(), action)
		})
		f.hostAPI.PrependReactor(verb, "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
			return f.write(f.hostAPI.Tracker(), action)
		})
	}
	f.hostAPI.PrependReactor("create", "events", f.nameEvent)
	f.hostAPI.PrependReactor("*", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.noLeases, nil, apierrors.NewServiceUnavailable("restarting")
	})
	f.addStore(nil)
	return f
}

// do changes how the fixture behaves.
func (f *fixture) do(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// nameEvent tells events apart: they are named by the time, which stands still in a bubble.
func (f *fixture) nameEvent(action clienttesting.Action) (bool, runtime.Object, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version++
	event := action.(clienttesting.CreateAction).GetObject().(*corev1.Event)
	event.Name = fmt.Sprintf("%s-%d", event.Name, f.version)
	return false, nil, nil
}

// write is what an API server does about versions, and counts the writes of statuses.
func (f *fixture) write(tracker clienttesting.ObjectTracker, action clienttesting.Action) (bool, runtime.Object, error) {
	object := action.(interface{ GetObject() runtime.Object }).GetObject()
	accessor, err := meta.Accessor(object)
	require.NoError(f.t, err)
	f.mu.Lock()
	defer f.mu.Unlock()
	if action.GetSubresource() == "status" {
		if len(f.refuse) > 0 {
			err := f.refuse[0]
			f.refuse = f.refuse[1:]
			return true, nil, err
		}
		f.writes = append(f.writes, accessor.GetName())
	}
	if action.GetVerb() == "update" {
		standing, err := tracker.Get(action.GetResource(), accessor.GetNamespace(), accessor.GetName())
		if err != nil {
			return true, nil, err
		}
		if before, _ := meta.Accessor(standing); before.GetResourceVersion() != accessor.GetResourceVersion() {
			return true, nil, apierrors.NewConflict(action.GetResource().GroupResource(), accessor.GetName(), nil)
		}
	}
	f.version++
	accessor.SetResourceVersion(strconv.Itoa(f.version))
	if accessor.GetUID() == "" {
		accessor.SetUID(types.UID(fmt.Sprintf("uid-%d", f.version)))
	}
	return false, nil, nil
}

// start runs a Materializer, as a new process would.
func (f *fixture) start(change ...func(*Config)) {
	ctx, cancel := context.WithCancel(context.Background())
	informers := externalversions.NewSharedInformerFactory(f.api, 0)
	sources := source.New(source.Config{Providers: []provider.Provider{f.provider}, PollInterval: poll, Pulse: f.pulse})
	catalog := &outcome.Catalog{Stores: f, Namespaces: f.host, Materials: f.host, Sources: sources,
		Providers: []provider.Provider{f.provider}, Class: "default"}
	f.ledger = outcome.NewLedger()
	f.config = Config{
		Client: f.api, Informers: informers, HostClient: f.hostAPI, Host: f.host, Secrets: f.host, Catalog: catalog,
		Evaluator: &outcome.Evaluator{Catalog: catalog, Templates: f.host, Key: []byte("key")},
		Ledger:    f.ledger, Sources: sources, FollowChanges: true, PollInterval: poll, Pulse: f.pulse,
	}
	for _, c := range change {
		c(&f.config)
	}
	f.host.handlers, f.host.objects.handlers = nil, nil
	var err error
	f.m, err = New(f.config)
	require.NoError(f.t, err)
	informers.Start(ctx.Done())
	var running, writing sync.WaitGroup
	running.Go(func() { _ = sources.Run(ctx) })
	writeCtx, stopWriting := context.WithCancel(ctx)
	writing.Go(func() { require.NoError(f.t, f.m.Run(writeCtx)) })
	f.stop = func() {
		stopWriting()
		writing.Wait()
		cancel()
		running.Wait()
		informers.Shutdown()
	}
	time.Sleep(time.Millisecond)
}

// Find implements outcome.Stores.
func (f *fixture) Find(namespace string, ref resolve.StoreRef) (outcome.Store, error) {
	s, err := f.api.ExternalSecretsV1().SecretStores(namespace).Get(context.Background(), ref.Name, metav1.GetOptions{})
	if err != nil {
		return outcome.Store{}, provider.Errorf(provider.ScopeNotFound, "%s does not exist", ref)
	}
	return storeOf(s).opened(), nil
}

func (f *fixture) addStore(change func(*v1.SecretStore)) {
	s := &v1.SecretStore{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "vault", Generation: 1},
		Spec:       v1.SecretStoreSpec{Provider: storespec.Connect("", storespec.Key("token", "token"))},
	}
	if change != nil {
		change(s)
	}
	_, err := f.api.ExternalSecretsV1().SecretStores("team").Create(context.Background(), s, metav1.CreateOptions{})
	require.NoError(f.t, err)
}

// add creates the ExternalSecret "db" of both keys of the vault.
func (f *fixture) add(change ...func(*v1.ExternalSecret)) {
	es := &v1.ExternalSecret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "db", Generation: 1},
		Spec: v1.ExternalSecretSpec{
			SecretStoreRef: &v1.SecretStoreRef{Name: ptr.To("vault")},
			Data:           []v1.ExternalSecretData{entryOf("user"), entryOf("password")},
			Target:         &v1.ExternalSecretTarget{},
		},
	}
	for _, c := range change {
		c(es)
	}
	_, err := f.api.ExternalSecretsV1().ExternalSecrets("team").Create(context.Background(), es, metav1.CreateOptions{})
	require.NoError(f.t, err)
}

func entryOf(key string) v1.ExternalSecretData {
	return v1.ExternalSecretData{SecretKey: key, RemoteRef: v1.RemoteRef{Key: key}}
}

func (f *fixture) get(name string) *v1.ExternalSecret {
	es, err := f.api.ExternalSecretsV1().ExternalSecrets("team").Get(context.Background(), name, metav1.GetOptions{})
	require.NoError(f.t, err)
	return es
}

// edit changes the spec of an ExternalSecret, or its labels or annotations, as its user.
func (f *fixture) edit(change func(*v1.ExternalSecret)) {
	es := f.get("db")
	before := es.DeepCopy()
	es.Generation++
	change(es)
	if !maps.Equal(before.Labels, es.Labels) || !maps.Equal(before.Annotations, es.Annotations) {
		es.Generation--
	}
	_, err := f.api.ExternalSecretsV1().ExternalSecrets("team").Update(context.Background(), es, metav1.UpdateOptions{})
	require.NoError(f.t, err)
}

// ready is "status reason: message" of the Ready condition, empty for none.
func (f *fixture) ready() string {
	if c := readyCondition(f.get("db")); c != nil {
		return fmt.Sprintf("%s %s: %s", c.Status, *c.Reason, *c.Message)
	}
	return ""
}

const synced = "True SecretSynced: secret synced"

// statusWrites is how often the status of objects of this name was written.
func (f *fixture) statusWrites(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(f.writes), func(n string) bool { return n != name }))
}

// events are "reason: message" in no order, each counted once.
func (f *fixture) events() []string {
	list, err := f.hostAPI.CoreV1().Events("").List(context.Background(), metav1.ListOptions{})
	require.NoError(f.t, err)
	var all []string
	for _, e := range list.Items {
		require.Equal(f.t, eventSource, e.Source.Component)
		all = append(all, e.Reason+": "+e.Message)
	}
	slices.Sort(all)
	return all
}

// after lets time pass and everything that was due in it happen.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func every(interval string) func(*v1.ExternalSecret) {
	return func(es *v1.ExternalSecret) { es.Spec.RefreshInterval = ptr.To(interval) }
}

func creates(p v1.CreationPolicy) func(*v1.ExternalSecret) {
	return func(es *v1.ExternalSecret) { es.Spec.Target.CreationPolicy = ptr.To(p) }
}

func deletes(p v1.DeletionPolicy) func(*v1.ExternalSecret) {
	return func(es *v1.ExternalSecret) { es.Spec.Target.DeletionPolicy = ptr.To(p) }
}

func refreshes(p v1.ExternalSecretRefreshPolicy) func(*v1.ExternalSecret) {
	return func(es *v1.ExternalSecret) { es.Spec.RefreshPolicy = ptr.To(p) }
}

var both = map[string]string{"user": "alice", "password": "hunter2"}

// foreignSecret is a Secret of somebody else under the name of the target.
func foreignSecret() *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "db"}, Type: corev1.SecretTypeOpaque,
		Data: map[string][]byte{"theirs": []byte("kept")}}
}
