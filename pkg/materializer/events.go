package materializer

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"

	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned/scheme"
)

// eventSource is the component that ESO's events name.
const eventSource = "external-secrets"

// eventTimeout bounds one write of an event.
const eventTimeout = 10 * time.Second

// events writes events to the host. client-go's broadcaster gathers equal ones and bounds how many there are per object.
type events struct {
	covers      func(namespace string) error
	broadcaster record.EventBroadcaster
	recorder    record.EventRecorder
}

// newEvents is for events in the namespaces that are covered. Those of what has no namespace are in default.
func newEvents(covers func(namespace string) error) *events { return &events{covers: covers} }

// start begins to write. stop ends it: after that nothing is written, and nothing is on its way. It is to be called when ctx
// has ended.
func (e *events) start(ctx context.Context, client typedcorev1.EventsGetter) (stop func()) {
	to := &sink{ctx: ctx, events: client, covers: e.covers}
	e.broadcaster = record.NewBroadcaster()
	e.recorder = e.broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: eventSource})
	e.broadcaster.StartRecordingToSink(to)
	return func() {
		to.close()
		e.broadcaster.Shutdown()
	}
}

func (e *events) normal(object runtime.Object, reason, message string) {
	e.recorder.Event(object, corev1.EventTypeNormal, reason, message)
}

func (e *events) warning(object runtime.Object, reason, message string) {
	e.recorder.Event(object, corev1.EventTypeWarning, reason, message)
}

// sink writes events until ctx ends, which the broadcaster's own goroutine, which cannot be waited for, does not heed.
type sink struct {
	ctx    context.Context
	events typedcorev1.EventsGetter
	covers func(namespace string) error

	mu     sync.RWMutex
	closed bool
}

// close waits for what is being written.
func (s *sink) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// write does one request, or nothing at the end. An event that comes too late, or in a namespace where nothing may be written,
// is dropped without a word.
func (s *sink) write(event *corev1.Event, do func(ctx context.Context, events typedcorev1.EventInterface) (*corev1.Event, error)) (*corev1.Event, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed || s.ctx.Err() != nil || s.covers(event.Namespace) != nil {
		return event, nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, eventTimeout)
	defer cancel()
	return do(ctx, s.events.Events(event.Namespace))
}

// Create implements record.EventSink.
func (s *sink) Create(event *corev1.Event) (*corev1.Event, error) {
	return s.write(event, func(ctx context.Context, events typedcorev1.EventInterface) (*corev1.Event, error) {
		return events.Create(ctx, event, metav1.CreateOptions{})
	})
}

// Update implements record.EventSink.
func (s *sink) Update(event *corev1.Event) (*corev1.Event, error) {
	return s.write(event, func(ctx context.Context, events typedcorev1.EventInterface) (*corev1.Event, error) {
		return events.Update(ctx, event, metav1.UpdateOptions{})
	})
}

// Patch implements record.EventSink.
func (s *sink) Patch(event *corev1.Event, data []byte) (*corev1.Event, error) {
	return s.write(event, func(ctx context.Context, events typedcorev1.EventInterface) (*corev1.Event, error) {
		return events.Patch(ctx, event.Name, types.StrategicMergePatchType, data, metav1.PatchOptions{})
	})
}
