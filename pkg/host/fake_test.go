package host

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// fakeAPI is as much of an API server as informers of metadata ask for: lists, and watches that begin with what there is
// or after a version that it remembers.
type fakeAPI struct {
	mu      sync.Mutex
	version int
	objects map[string]map[string]metav1.PartialObjectMetadata
	history []past
	// forgotten is the last version that the history lacks.
	forgotten int
	watches   map[chan<- event]looked
	closed    chan struct{}
	down      bool
	// kinds are what discovery shows of versions of groups, by their path; lists of resources, or of "namespace/resource", that are
	// refused are forbidden.
	kinds     map[string][]metav1.APIResource
	forbidden map[string]bool
}

// looked is what a list or watch looks at. Where a namespace or name is empty, that is all.
type looked struct{ version, resource, namespace, name string }

func lookedAt(r *http.Request) looked {
	l := looked{version: path.Dir(r.URL.Path), resource: path.Base(r.URL.Path)}
	if version, namespace, ok := strings.Cut(l.version, "/namespaces/"); ok {
		l.version, l.namespace = version, namespace
	}
	_, l.name, _ = strings.Cut(r.URL.Query().Get("fieldSelector"), "metadata.name=")
	return l
}

func (l looked) sees(resource string, object metav1.ObjectMeta) bool {
	return l.resource == resource && (l.namespace == "" || l.namespace == object.Namespace) && (l.name == "" || l.name == object.Name)
}

// past is an event of the history.
type past struct {
	resource string
	version  int
	event    event
}

type event struct {
	Type   string                       `json:"type"`
	Object metav1.PartialObjectMetadata `json:"object"`
}

// eventsBuffered is more than any test makes: a watch never keeps the fake waiting.
const eventsBuffered = 1000

func newFakeAPI(t *testing.T) (*fakeAPI, *rest.Config) {
	f := &fakeAPI{objects: map[string]map[string]metav1.PartialObjectMetadata{}, watches: map[chan<- event]looked{}, closed: make(chan struct{})}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	t.Cleanup(f.hangUp)
	return f, &rest.Config{Host: server.URL}
}

// put creates or changes an object of a resource.
func (f *fakeAPI) put(resource string, object metav1.ObjectMeta) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version++
	object.ResourceVersion = fmt.Sprint(f.version)
	p := metav1.PartialObjectMetadata{TypeMeta: partial("PartialObjectMetadata"), ObjectMeta: object}
	if f.objects[resource] == nil {
		f.objects[resource] = map[string]metav1.PartialObjectMetadata{}
	}
	key := path.Join(object.Namespace, object.Name)
	kind := "ADDED"
	if _, ok := f.objects[resource][key]; ok {
		kind = "MODIFIED"
	}
	f.objects[resource][key] = p
	f.tell(resource, event{kind, p})
}

func (f *fakeAPI) drop(resource, namespace, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version++
	key := path.Join(namespace, name)
	p := f.objects[resource][key]
	p.ResourceVersion = fmt.Sprint(f.version)
	delete(f.objects[resource], key)
	f.tell(resource, event{"DELETED", p})
}

func (f *fakeAPI) tell(resource string, e event) {
	f.history = append(f.history, past{resource, f.version, e})
	for watch, watched := range f.watches {
		if watched.sees(resource, e.Object.ObjectMeta) {
			watch <- e
		}
	}
}

// hangUp ends every watch, as a server that stops does.
func (f *fakeAPI) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.closed)
	f.closed = make(chan struct{})
}

// forget drops the history: a watch that was lost cannot be taken up, and what there is is listed anew.
func (f *fakeAPI) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.history, f.forgotten = nil, f.version
}

func (f *fakeAPI) setDown(down bool) {
	f.mu.Lock()
	f.down = down
	f.mu.Unlock()
	if down {
		f.hangUp()
	}
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	at, query := lookedAt(r), r.URL.Query()
	after, _ := strconv.Atoi(query.Get("resourceVersion"))
	f.mu.Lock()
	switch {
	case f.down:
		defer f.mu.Unlock()
		fail(w, http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable)
	case f.kinds[r.URL.Path] != nil:
		defer f.mu.Unlock()
		_ = json.NewEncoder(w).Encode(metav1.APIResourceList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "APIResourceList"}, APIResources: f.kinds[r.URL.Path]})
	case strings.HasPrefix(r.URL.Path, "/apis/") && f.kinds[at.version] == nil:
		defer f.mu.Unlock()
		fail(w, http.StatusNotFound, metav1.StatusReasonNotFound)
	case f.forbidden[at.resource] || f.forbidden[at.namespace+"/"+at.resource]:
		defer f.mu.Unlock()
		fail(w, http.StatusForbidden, metav1.StatusReasonForbidden)
	case query.Get("watch") == "":
		defer f.mu.Unlock()
		_ = json.NewEncoder(w).Encode(f.list(at))
	case query.Get("sendInitialEvents") != "true" && after < f.forgotten:
		defer f.mu.Unlock()
		fail(w, http.StatusGone, metav1.StatusReasonExpired)
	default:
		events := make(chan event, eventsBuffered)
		f.begin(at, events, after, query.Get("sendInitialEvents") == "true")
		closed := f.closed
		f.mu.Unlock()
		defer f.end(events)
		pass(w, r, events, closed)
	}
}

func fail(w http.ResponseWriter, code int, reason metav1.StatusReason) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: int32(code), Reason: reason,
	})
}

func (f *fakeAPI) list(at looked) metav1.PartialObjectMetadataList {
	list := metav1.PartialObjectMetadataList{TypeMeta: partial("PartialObjectMetadataList")}
	list.ResourceVersion = fmt.Sprint(f.version)
	for _, p := range f.objects[at.resource] {
		if at.sees(at.resource, p.ObjectMeta) {
			list.Items = append(list.Items, p)
		}
	}
	return list
}

// begin has a watch start with what there is, or with what came after a version.
func (f *fakeAPI) begin(at looked, events chan<- event, after int, initial bool) {
	f.watches[events] = at
	if initial {
		for _, p := range f.list(at).Items {
			events <- event{"ADDED", p}
		}
		events <- f.initialEventsEnd()
		return
	}
	for _, past := range f.history {
		if at.sees(past.resource, past.event.Object.ObjectMeta) && past.version > after {
			events <- past.event
		}
	}
}

func (f *fakeAPI) end(events chan<- event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.watches, events)
}

// pass hands events to a client until either side hangs up.
func pass(w http.ResponseWriter, r *http.Request, events <-chan event, closed <-chan struct{}) {
	encoder := json.NewEncoder(w)
	for {
		w.(http.Flusher).Flush()
		select {
		case e := <-events:
			_ = encoder.Encode(e)
		case <-closed:
			return
		case <-r.Context().Done():
			return
		}
	}
}

func (f *fakeAPI) initialEventsEnd() event {
	return event{"BOOKMARK", metav1.PartialObjectMetadata{
		TypeMeta: partial("PartialObjectMetadata"),
		ObjectMeta: metav1.ObjectMeta{
			ResourceVersion: fmt.Sprint(f.version),
			Annotations:     map[string]string{metav1.InitialEventsAnnotationKey: "true"},
		},
	}}
}

func partial(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: kind}
}
