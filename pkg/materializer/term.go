package materializer

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

const (
	// storeWorkers is how many stores are checked side by side: a check may wait for its provider.
	storeWorkers = 8
	// confirmations is how many ExternalSecrets may ask side by side whether keys are gone.
	confirmations = 4
)

// term is one leadership: everything that is known and under way while it lasts.
type term struct {
	*Materializer
	queue    *queue
	schedule *schedule[types.NamespacedName]
	quiet    *quiet
	states   states
	// checks are the stores to be checked.
	checks      workqueue.TypedRateLimitingInterface[storeKey]
	storeStates storeStates
	// slots bounds confirmations, beside is who runs beside the workers.
	slots  chan struct{}
	beside sync.WaitGroup
}

func newTerm(m *Materializer) *term {
	t := &term{
		Materializer: m,
		queue:        newQueue(),
		states:       states{all: map[types.NamespacedName]*state{}, keys: map[types.UID]types.NamespacedName{}},
		checks: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[storeKey](shortestBackoff, longestBackoff),
			workqueue.TypedRateLimitingQueueConfig[storeKey]{Name: "secretstore"},
		),
		storeStates: storeStates{all: map[storeKey]*storeState{}},
		slots:       make(chan struct{}, confirmations),
	}
	t.schedule = newSchedule(func(key types.NamespacedName) {
		defer m.config.Pulse.Begin("the schedule")()
		t.queue.add(key, fallenDue, 0)
	})
	t.quiet = newQuiet(func(key types.NamespacedName) {
		defer m.config.Pulse.Begin("the gathering of changes")()
		t.stir(key)
	})
	return t
}

// run works until ctx ends, and returns when everything has come to rest.
func (t *term) run(ctx context.Context) {
	var running sync.WaitGroup
	defer func() {
		t.queue.shutDown()
		t.checks.ShutDown()
		running.Wait()
		t.beside.Wait()
	}()
	synced := append([]cache.InformerSynced{t.config.Host.HasSynced}, t.synced...)
	if !cache.WaitForCacheSync(ctx.Done(), synced...) {
		return
	}
	t.enqueueAll()
	t.config.Metrics.Workers(v1.ExternalSecretKind, t.config.Workers)
	// One set of workers is for both kinds of stores.
	t.config.Metrics.Workers(v1.SecretStoreKind, storeWorkers)
	t.config.Metrics.Workers(v1.ClusterSecretStoreKind, storeWorkers)
	for range t.config.Workers {
		running.Go(func() { t.work(ctx) })
	}
	for range storeWorkers {
		running.Go(func() { t.workOnStores(ctx) })
	}
	running.Go(func() { t.schedule.run(ctx) })
	running.Go(func() { t.quiet.run(ctx) })
	<-ctx.Done()
}

// enqueueAll has everything looked at once: nothing is known of it.
func (t *term) enqueueAll() {
	// Listers that read a cache have no errors.
	all, _ := t.externalSecrets.Lister().List(labels.Everything())
	for _, es := range all {
		t.enqueue(es)
	}
	for _, informer := range []cache.SharedIndexInformer{t.stores.Informer(), t.clusterStores.Informer()} {
		for _, object := range informer.GetStore().List() {
			t.checks.Add(storeOf(object).key())
		}
	}
}

func (t *term) enqueue(es *v1.ExternalSecret) {
	t.queue.add(keyOf(es), classOf(es), 0)
}

func (t *term) stir(keys ...types.NamespacedName) {
	for _, key := range keys {
		t.queue.add(key, changed, stirred)
	}
}

func (t *term) work(ctx context.Context) {
	for {
		key, h, ok := t.queue.get()
		if !ok || ctx.Err() != nil {
			return
		}
		end := t.config.Pulse.Begin("the writing of ExternalSecret " + key.String())
		result, done := Panicked, t.config.Metrics.Working(v1.ExternalSecretKind)
		t.guarded(v1.ExternalSecretKind, key.String(), func() { result = t.sync(ctx, key, h) }, func() {
			t.schedule.set(key, time.Now().Add(longestBackoff))
		})
		done(result)
		t.queue.done(key)
		end()
	}
}

// guarded keeps a mistake that one object brings to light from taking the others down. What was panicked with is not
// logged: it may hold a value.
func (t *term) guarded(kind, name string, do, recovered func()) {
	defer func() {
		if recover() != nil {
			t.config.Logger.Error("Panicked: this is a bug", "object", kind+"/"+name, "stack", string(debug.Stack()))
			recovered()
		}
	}()
	do()
}
