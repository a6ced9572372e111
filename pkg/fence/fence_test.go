package fence

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
)

// world is a store and a cluster that a Fence stands between.
type world struct {
	mu           sync.Mutex
	store        Identity
	housekeeping bool
	stored       map[types.UID]bool
	owners       map[types.UID]host.Object
	unseen       bool
	client       *fake.Clientset
	// unreachable has every request to the cluster fail.
	unreachable bool
	writes      int
}

const namespace = "external-secrets"

func newWorld() *world {
	w := &world{store: Identity{ID: "ours", Revision: 100}, client: fake.NewClientset()}
	w.client.PrependReactor("*", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.unreachable {
			return true, nil, errors.New("connection refused")
		}
		if action.GetResource().Resource == "configmaps" && action.GetVerb() != "get" {
			w.writes++
		}
		return false, nil, nil
	})
	return w
}

func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *world) written() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.writes
}

func (w *world) at() Identity {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.store
}

func (w *world) Look(context.Context) (Identity, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.store, w.housekeeping, nil
}

func (w *world) Close() {}

func (w *world) Owners() (map[types.UID]host.Object, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.owners, !w.unseen
}

// Version knows of the record by whether it is there: the fake gives no versions.
func (w *world) Version(o host.Object) (string, bool) {
	_, err := w.client.Tracker().Get(corev1.SchemeGroupVersion.WithResource("configmaps"), o.Namespace, o.Name)
	if err != nil {
		return "gone", true
	}
	return "", true
}

func (w *world) fence(accept string) *Fence {
	return New(Config{
		Store: w, Records: NewConfigMap(w.client.CoreV1(), namespace), Host: w, Namespace: namespace, Accept: accept,
		Stored: func(context.Context) (map[types.UID]bool, error) { return w.stored, nil },
		Logger: slog.New(slog.DiscardHandler),
	})
}

func (w *world) record(t *testing.T, identity Identity) {
	t.Helper()
	records := NewConfigMap(w.client.CoreV1(), namespace)
	before, err := records.Read(t.Context())
	require.NoError(t, err)
	_, err = records.Write(t.Context(), identity, before)
	require.NoError(t, err)
}

func (w *world) recorded(t *testing.T) *Record {
	t.Helper()
	record, err := NewConfigMap(w.client.CoreV1(), namespace).Read(t.Context())
	require.NoError(t, err)
	return record
}

func (w *world) events(t *testing.T) []corev1.Event {
	t.Helper()
	events, err := w.client.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	return events.Items
}

// run runs a Fence for some of the bubble's time, and returns what ends it.
func run(t *testing.T, f *Fence) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.Run(ctx)
	}()
	synctest.Wait()
	return func() {
		cancel()
		<-ended
	}
}

func TestANewInstallationWritesTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.owners, w.stored = map[types.UID]host.Object{"a": {}}, map[types.UID]bool{"a": true}
		f := w.fence("")
		require.NotNil(t, f.Closed(), "it is closed from the start")
		defer run(t, f)()
		require.Nil(t, f.Closed())
		require.True(t, f.Await(t.Context()))
		require.Equal(t, w.at(), w.recorded(t).Identity)
	})
}

func TestClosedUntilTheClusterWasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.unreachable, w.unseen = true, true
		f := w.fence("")
		defer run(t, f)()
		time.Sleep(time.Hour)
		require.Contains(t, f.Closed().Message, "connection refused")
		require.False(t, f.Closed().Disagrees)

		w.set(func() { w.unreachable = false })
		time.Sleep(interval)
		require.Contains(t, f.Closed().Message, "not been seen yet", "no record is not believed before")

		w.set(func() { w.unseen = false })
		time.Sleep(interval)
		require.Nil(t, f.Closed())
	})
}

func TestADisagreementIsToldOnceAndAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.record(t, Identity{ID: "other", Revision: 7})
		f := w.fence("")
		stop := run(t, f)
		// Whatever moves the revision of a closed store does not make it the later one.
		time.Sleep(time.Minute)
		require.True(t, f.Closed().Disagrees)
		require.Len(t, w.events(t), 1)
		require.Contains(t, w.events(t)[0].Message, "--accept-store=ours@7")
		stop()
		require.Equal(t, "other", w.recorded(t).ID, "a closed fence leaves the record")

		wrong := w.fence("ours@8")
		stop = run(t, wrong)
		require.True(t, wrong.Closed().Disagrees)
		accepting := w.fence("ours@7")
		defer run(t, accepting)()
		require.Nil(t, accepting.Closed())
		require.Equal(t, w.at(), w.recorded(t).Identity)
		time.Sleep(2 * interval)
		require.Nil(t, wrong.Closed(), "what one replica accepted, the others see")
		stop()
	})
}

func TestAnOlderCopyDoesNotGrowOutOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.record(t, Identity{ID: "ours", Revision: 101})
		f := w.fence("")
		defer run(t, f)()
		w.set(func() { w.store.Revision = 200 })
		time.Sleep(time.Minute)
		require.True(t, f.Closed().Disagrees)
	})
}

func TestTheRecordFollowsAndIsNotWrittenWhileSteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		stop := run(t, w.fence(""))
		time.Sleep(time.Hour)
		require.Equal(t, 1, w.written())

		for range 12 { // an hour of compaction
			w.set(func() { w.store.Revision, w.housekeeping = w.store.Revision+1, true })
			time.Sleep(5 * time.Minute)
		}
		require.Equal(t, 1, w.written(), "compaction is no change")

		w.set(func() { w.store.Revision, w.housekeeping = w.store.Revision+1, false })
		time.Sleep(10 * time.Second)
		require.Equal(t, 2, w.written())
		require.Equal(t, w.at(), w.recorded(t).Identity)

		require.NoError(t, w.client.Tracker().Delete(corev1.SchemeGroupVersion.WithResource("configmaps"), namespace, RecordName))
		time.Sleep(10 * time.Second)
		require.Equal(t, w.at(), w.recorded(t).Identity, "who deletes it gets it back")

		w.set(func() { w.store.Revision += 2 })
		stop()
		require.Equal(t, w.at(), w.recorded(t).Identity, "the end of the process records what it has")
	})
}

func TestHandlerRefusesObjectsAlone(t *testing.T) {
	f := newWorld().fence("")
	group := v1.SchemeGroupVersion
	served := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	handler := f.Handler(group, serializer.NewCodecFactory(install.Scheme()), served)
	ask := func(path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		resolver := genericapirequest.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}
		info, err := resolver.NewRequestInfo(r)
		require.NoError(t, err)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r.WithContext(genericapirequest.WithRequestInfo(r.Context(), info)))
		return w
	}
	for _, path := range []string{
		"/apis/external-secrets.io/v1/externalsecrets", "/apis/external-secrets.io/v1/namespaces/team/externalsecrets/db",
		"/apis/external-secrets.io/v1/namespaces/team/externalsecrets/db/secret", "/apis/external-secrets.io/v1/clustersecretstores?watch=true",
	} {
		answer := ask(path)
		require.Equal(t, http.StatusServiceUnavailable, answer.Code, path)
		require.Equal(t, "1", answer.Header().Get("Retry-After"))
		var status metav1.Status
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &status))
		require.True(t, apierrors.IsServiceUnavailable(&apierrors.StatusError{ErrStatus: status}))
		require.Equal(t, f.Closed().Message, status.Message)
	}
	for _, path := range []string{"/apis", "/apis/external-secrets.io/v1", "/openapi/v3", "/readyz", "/metrics", "/apis/other/v1/things"} {
		require.Equal(t, http.StatusTeapot, ask(path).Code, path)
	}
	f.closed.Store(nil)
	require.Equal(t, http.StatusTeapot, ask("/apis/external-secrets.io/v1/externalsecrets").Code)
}
