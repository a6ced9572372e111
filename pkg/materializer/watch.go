package materializer

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/source"
)

// watch registers with everything that tells of changes.
func (m *Materializer) watch() error {
	group := m.config.Informers.ExternalSecrets().V1()
	m.externalSecrets, m.stores, m.clusterStores = group.ExternalSecrets(), group.SecretStores(), group.ClusterSecretStores()
	for informer, indexers := range map[cache.SharedIndexInformer]cache.Indexers{
		m.externalSecrets.Informer(): externalSecretIndexers(),
		m.stores.Informer():          storeIndexers(m.config.Catalog),
		m.clusterStores.Informer():   storeIndexers(m.config.Catalog),
	} {
		if err := informer.AddIndexers(indexers); err != nil {
			return err
		}
	}
	if err := m.handle(m.externalSecrets.Informer(), m.externalSecretHandlers()); err != nil {
		return err
	}
	for _, informer := range []cache.SharedIndexInformer{m.stores.Informer(), m.clusterStores.Informer()} {
		if err := m.handle(informer, m.storeHandlers()); err != nil {
			return err
		}
	}
	if err := m.config.Host.OnObject(m.objectChanged); err != nil {
		return err
	}
	m.config.Host.OnKind(m.kindSeen)
	if err := m.config.Host.OnNamespace(m.namespaceChanged); err != nil {
		return err
	}
	m.config.Sources.Subscribe(m.sourceChanged)
	return nil
}

func (m *Materializer) handle(informer cache.SharedIndexInformer, handlers cache.ResourceEventHandler) error {
	registration, err := informer.AddEventHandler(handlers)
	if err == nil {
		m.synced = append(m.synced, registration.HasSynced)
	}
	return err
}

func (m *Materializer) externalSecretHandlers() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			es := object.(*v1.ExternalSecret)
			m.followKind(es)
			if t := m.term.Load(); t != nil {
				t.enqueue(es)
			}
		},
		UpdateFunc: func(before, after any) {
			old, es := before.(*v1.ExternalSecret), after.(*v1.ExternalSecret)
			if old.UID != es.UID {
				m.forgetUID(old.UID)
			}
			m.followKind(es)
			if t := m.term.Load(); t != nil {
				t.states.show(es)
				if concerns(old, es) {
					t.queue.add(keyOf(es), classOf(es), 0)
				}
			}
		},
		DeleteFunc: func(object any) {
			es, ok := last(object).(*v1.ExternalSecret)
			if !ok {
				return
			}
			m.forgetUID(es.UID)
			if t := m.term.Load(); t != nil {
				t.queue.add(keyOf(es), changed, 0)
			}
		},
	}
}

// followKind has the kind of a target watched, for live reads on every replica and for the one that writes. What the
// ExternalSecret's target was before goes on being watched where it is to be deleted yet.
func (m *Materializer) followKind(es *v1.ExternalSecret) {
	if m.config.Objects == nil {
		return
	}
	if kind, isGeneric := es.Spec.Target.GenericKind(); isGeneric {
		m.config.Host.Follow(es.UID, kind)
	}
	if m.term.Load() == nil {
		m.config.Host.Unfollow(es.UID, outcome.TargetOf(es).Kind)
	}
}

func (m *Materializer) forgetUID(uid types.UID) {
	m.config.Ledger.Forget(uid)
	m.config.Host.Unfollow(uid)
}

// concerns tells whether an update has to be looked at: all but the status, and of that who asks for a refresh.
func concerns(old, es *v1.ExternalSecret) bool {
	return old.UID != es.UID || old.Generation != es.Generation ||
		!maps.Equal(old.Labels, es.Labels) || !maps.Equal(old.Annotations, es.Annotations) ||
		!slices.Equal(old.Finalizers, es.Finalizers) ||
		(old.DeletionTimestamp == nil) != (es.DeletionTimestamp == nil) ||
		es.Status.RefreshRequestTime != nil && !es.Status.RefreshRequestTime.Equal(old.Status.RefreshRequestTime)
}

// last is the object of a deletion, whether or not the deletion itself was seen.
func last(object any) any {
	if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		return tombstone.Obj
	}
	return object
}

// classOf is the class of an ExternalSecret that came or changed.
func classOf(es *v1.ExternalSecret) class {
	if es.Status.SyncedResourceVersion == nil && len(es.Status.Conditions) == 0 {
		return firstAttempt
	}
	return changed
}

func (m *Materializer) storeHandlers() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { m.storeChanged(storeOf(object).key()) },
		UpdateFunc: func(before, after any) {
			old, store := storeOf(before), storeOf(after)
			if old.meta.UID != store.meta.UID {
				m.config.Sources.Forget(old.meta.UID)
			}
			if old.meta.UID != store.meta.UID || old.meta.Generation != store.meta.Generation {
				m.storeChanged(store.key())
			}
		},
		DeleteFunc: func(object any) {
			store, ok := asStore(last(object))
			if !ok {
				return
			}
			m.config.Sources.Forget(store.meta.UID)
			m.storeChanged(store.key())
		},
	}
}

func (m *Materializer) storeChanged(key storeKey) {
	t := m.term.Load()
	if t == nil {
		return
	}
	t.checks.Add(key)
	t.stir(m.externalSecretsBy(indexStore, key.String())...)
}

// objectChanged takes a Secret or ConfigMap of the host: a target, a credential, a template.
func (m *Materializer) objectChanged(object host.Object) {
	t := m.term.Load()
	if t == nil {
		return
	}
	for _, key := range m.externalSecretsBy(indexTarget, object.String()) {
		t.queue.add(key, changed, touched)
	}
	t.stir(m.externalSecretsBy(indexObject, object.String())...)
	for _, store := range m.storesBy(indexObject, object.String()) {
		m.storeChanged(store)
	}
}

// kindSeen takes a kind of targets that is seen as a whole: what was not to be seen before is looked at.
func (m *Materializer) kindSeen(kind host.Kind) {
	t := m.term.Load()
	if t == nil {
		return
	}
	for _, key := range m.externalSecretsBy(indexKind, string(kind)) {
		t.queue.add(key, changed, touched|mended)
	}
}

// namespaceChanged takes a namespace whose labels may let its ExternalSecrets use a store, or no longer.
func (m *Materializer) namespaceChanged(name string) {
	if t := m.term.Load(); t != nil {
		t.stir(m.externalSecretsBy(cache.NamespaceIndex, name)...)
	}
}

// sourceChanged takes what a Source shows that it did not show before.
func (m *Materializer) sourceChanged(change source.Change) {
	t := m.term.Load()
	if t == nil {
		return
	}
	for _, owner := range change.Owners {
		if key, ok := t.states.keyOf(owner); ok {
			t.inputsChanged(key)
		}
	}
	if !change.Turned {
		return
	}
	store, ok := m.storeByUID(change.StoreUID)
	if !ok {
		return
	}
	t.checks.Add(store)
	for _, key := range m.externalSecretsBy(indexStore, store.String()) {
		if t.states.failing(key) {
			t.queue.add(key, changed, mended)
		}
	}
}

// inputsChanged waits until nothing further changes before an ExternalSecret is materialized. One that failed does not wait.
func (t *term) inputsChanged(key types.NamespacedName) {
	switch {
	case t.states.failing(key):
		t.queue.add(key, changed, mended)
	case t.config.FollowChanges:
		t.quiet.note(key)
	}
}
