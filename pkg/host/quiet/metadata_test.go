package quiet

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

func TestMetadataIsTrimmedBeforeAnybodySeesIt(t *testing.T) {
	object := metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadata"},
		ObjectMeta: secret().ObjectMeta,
	}
	secrets := corev1.SchemeGroupVersion.WithResource("secrets")

	client, err := New(serve(t, answerJSON(200, metav1.PartialObjectMetadataList{
		TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadataList"},
		Items:    []metav1.PartialObjectMetadata{object},
	})))
	require.NoError(t, err)
	list, err := client.ListWatch(secrets, Where{}, dropAll).ListWithContext(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Equal(t, metav1.ObjectMeta{Name: "db"}, list.(*metav1.PartialObjectMetadataList).Items[0].ObjectMeta)

	bookmark := object.DeepCopy()
	bookmark.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: "true"}
	client, err = New(serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"type": "ADDED", "object": object})
		_ = json.NewEncoder(w).Encode(map[string]any{"type": "BOOKMARK", "object": bookmark})
	}))
	require.NoError(t, err)
	w, err := client.ListWatch(secrets, Where{}, dropAll).WatchWithContext(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	defer w.Stop()
	added, marked := <-w.ResultChan(), <-w.ResultChan()
	require.Equal(t, metav1.ObjectMeta{Name: "db"}, added.Object.(*metav1.PartialObjectMetadata).ObjectMeta)
	require.Equal(t, "true", marked.Object.(*metav1.PartialObjectMetadata).Annotations[metav1.InitialEventsAnnotationKey])
}

// TestStoppedWatchEnds stops a watch whose events nobody takes.
func TestStoppedWatchEnds(t *testing.T) {
	source := watch.NewFakeWithOptions(watch.FakeOptions{ChannelSize: 2})
	source.Add(&metav1.PartialObjectMetadata{})
	source.Add(&metav1.PartialObjectMetadata{})
	w := newTrimmed(source, subject{}, dropAll)
	w.Stop()
	w.Stop()
	for range w.ResultChan() {
		// The channel closes after at most what was under way.
	}
}
