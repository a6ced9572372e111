package externalsecret

import (
	"context"
	"errors"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/client-go/tools/cache"
)

// Feed is where an informer of this process reads ExternalSecrets from: the Store itself, without a request, an encoding and
// a second copy. The objects share all but their outermost fields with the watch cache, so whoever has one only reads it, as
// is the rule with informers. Store is to be set before the informer is started.
type Feed struct {
	Store *genericregistry.Store
}

var _ interface {
	cache.ListerWatcher
	cache.ListerWatcherWithContext
} = (*Feed)(nil)

var errNoStore = errors.New("the store of ExternalSecrets is not set up yet")

// IsWatchListSemanticsUnSupported has informers begin with a list: it shares memory, where initial events are copies.
func (*Feed) IsWatchListSemanticsUnSupported() bool { return true }

// List implements cache.Lister.
func (f *Feed) List(options metav1.ListOptions) (runtime.Object, error) {
	return f.ListWithContext(context.Background(), options)
}

// ListWithContext implements cache.ListerWithContext.
func (f *Feed) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	if f.Store == nil {
		return nil, errNoStore
	}
	return f.Store.List(ctx, &metainternalversion.ListOptions{
		ResourceVersion: options.ResourceVersion, ResourceVersionMatch: options.ResourceVersionMatch,
		Limit: options.Limit, Continue: options.Continue,
	})
}

// Watch implements cache.Watcher.
func (f *Feed) Watch(options metav1.ListOptions) (watch.Interface, error) {
	return f.WatchWithContext(context.Background(), options)
}

// WatchWithContext implements cache.WatcherWithContext.
func (f *Feed) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	if f.Store == nil {
		return nil, errNoStore
	}
	events, err := f.Store.Watch(ctx, &metainternalversion.ListOptions{
		ResourceVersion: options.ResourceVersion, AllowWatchBookmarks: options.AllowWatchBookmarks,
	})
	if err != nil {
		return nil, err
	}
	shared := &sharedEvents{Interface: events, results: make(chan watch.Event), stopped: make(chan struct{})}
	go shared.run(func(event watch.Event) watch.Event { return f.shared(ctx, event) })
	return shared, nil
}

// shared is an event whose object, a copy of its own, is replaced by that of the watch cache where that is the same one.
func (f *Feed) shared(ctx context.Context, event watch.Event) watch.Event {
	if event.Type == watch.Added || event.Type == watch.Modified {
		if cached := f.cached(ctx, event.Object); cached != nil {
			event.Object = cached
			return event
		}
	}
	// The watch cache wraps an event's object where many watch.
	if wrapped, ok := event.Object.(runtime.CacheableObject); ok {
		event.Object = wrapped.GetObject()
	}
	return event
}

// cached is an object as the watch cache holds it; nil where that is further on than the object.
func (f *Feed) cached(ctx context.Context, object runtime.Object) runtime.Object {
	of, err := meta.Accessor(object)
	if err != nil {
		return nil
	}
	ctx = genericapirequest.WithNamespace(ctx, of.GetNamespace())
	cached, err := f.Store.Get(ctx, of.GetName(), &metav1.GetOptions{ResourceVersion: "0"})
	if err != nil {
		return nil
	}
	found, err := meta.Accessor(cached)
	if err != nil || found.GetResourceVersion() != of.GetResourceVersion() {
		return nil
	}
	return cached
}

// sharedEvents is a watch whose events pass through a function. Its goroutine ends with Stop, and with the watch.
type sharedEvents struct {
	watch.Interface
	results chan watch.Event
	stop    sync.Once
	stopped chan struct{}
}

func (s *sharedEvents) run(through func(watch.Event) watch.Event) {
	defer close(s.results)
	for event := range s.Interface.ResultChan() {
		select {
		case s.results <- through(event):
		case <-s.stopped:
			return
		}
	}
}

// ResultChan implements watch.Interface.
func (s *sharedEvents) ResultChan() <-chan watch.Event { return s.results }

// Stop implements watch.Interface.
func (s *sharedEvents) Stop() {
	s.stop.Do(func() { close(s.stopped) })
	s.Interface.Stop()
}
