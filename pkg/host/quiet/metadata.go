package quiet

import (
	"context"
	"net/http"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"
)

// listTimeout bounds one page of a list of metadata.
const listTimeout = time.Minute

// Where is what a list and a watch look at: all namespaces, one, or one object of it.
type Where struct{ Namespace, Name string }

// Trim keeps of an object's metadata what is wanted, in place.
type Trim func(*metav1.PartialObjectMetadata)

// ListWatch lists and watches the metadata of a resource, for an informer. Objects are trimmed before the informer sees them:
// it may log those that it cannot store.
func (c *Client) ListWatch(resource schema.GroupVersionResource, where Where, trim Trim) *cache.ListWatch {
	var objects metadata.ResourceInterface = c.metadata.Resource(resource)
	if where.Namespace != "" {
		objects = c.metadata.Resource(resource).Namespace(where.Namespace)
	}
	list := subject{doing: "listing", kind: resource.Resource, namespace: where.Namespace, name: where.Name}
	observe := subject{doing: "watching", kind: resource.Resource, namespace: where.Namespace, name: where.Name}
	narrow := func(options *metav1.ListOptions) {
		if where.Name != "" {
			options.FieldSelector = metav1.ObjectNameField + "=" + where.Name
		}
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			narrow(&options)
			ctx, err := silent(ctx)
			if err != nil {
				return nil, err
			}
			ctx, cancel := context.WithTimeout(ctx, listTimeout)
			defer cancel()
			found, err := objects.List(ctx, options)
			if err != nil {
				return nil, clean(list, err)
			}
			for i := range found.Items {
				trim(&found.Items[i])
			}
			return found, nil
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			narrow(&options)
			ctx, err := silent(ctx)
			if err != nil {
				return nil, err
			}
			source, err := objects.Watch(ctx, options)
			if err != nil {
				return nil, clean(observe, err)
			}
			return newTrimmed(source, observe, trim), nil
		},
	}
}

// trimmed is a watch whose objects are trimmed and whose errors are clean. Other than watch.Filter it ends when it is
// stopped, even if nobody takes its last event.
type trimmed struct {
	source  watch.Interface
	what    subject
	trim    Trim
	events  chan watch.Event
	stopped chan struct{}
	stop    sync.Once
}

func newTrimmed(source watch.Interface, what subject, trim Trim) *trimmed {
	t := &trimmed{source: source, what: what, trim: trim, events: make(chan watch.Event), stopped: make(chan struct{})}
	go t.pass()
	return t
}

// ResultChan gives the events.
func (t *trimmed) ResultChan() <-chan watch.Event { return t.events }

// Stop ends the watch and with it the goroutine that serves it.
func (t *trimmed) Stop() {
	t.stop.Do(func() { close(t.stopped) })
	t.source.Stop()
}

func (t *trimmed) pass() {
	defer close(t.events)
	for event := range t.source.ResultChan() {
		select {
		case t.events <- t.clean(event):
		case <-t.stopped:
			return
		}
	}
}

// clean trims an event's object. A bookmark is left as it is: it carries a resourceVersion and the mark of the end of the
// initial events, in an annotation.
func (t *trimmed) clean(event watch.Event) watch.Event {
	if event.Type == watch.Bookmark {
		return event
	}
	switch object := event.Object.(type) {
	case *metav1.PartialObjectMetadata:
		t.trim(object)
		return event
	case *metav1.Status:
		return watch.Event{Type: watch.Error, Object: cleanStatus(t.what, *object)}
	}
	unexpected := metav1.Status{Code: http.StatusInternalServerError, Reason: metav1.StatusReasonInternalError}
	return watch.Event{Type: watch.Error, Object: cleanStatus(t.what, unexpected)}
}
