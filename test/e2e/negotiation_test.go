package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
)

const (
	mediaJSON     = "application/json"
	mediaProtobuf = "application/vnd.kubernetes.protobuf"
)

// TestOffersOfProtobuf asks as clients do that know of protobuf: these kinds have
// no such encoding, and JSON is what they get.
func TestOffersOfProtobuf(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	createExternalSecret(t, namespace, "one")
	const partial = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	const partialList = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	list := groupPath("namespaces", namespace, "externalsecrets")
	for _, test := range []struct {
		path, accept string
		code         int
		contentType  string
	}{
		{list + "/one", mediaProtobuf + "," + mediaJSON, 200, mediaJSON},
		{list, mediaProtobuf + "," + mediaJSON, 200, mediaJSON},
		{list, mediaProtobuf + ";q=1, */*;q=0.5", 200, mediaJSON},
		{list + "/one/status", mediaProtobuf + "," + mediaJSON, 200, mediaJSON},
		{list + "/none", mediaProtobuf + "," + mediaJSON, 404, mediaJSON},
		{groupPath("clustersecretstores"), mediaProtobuf + "," + mediaJSON, 200, mediaJSON},
		{list + "/one", mediaProtobuf + partial + "," + mediaJSON + partial, 200, mediaProtobuf},
		{list, mediaProtobuf + partialList + "," + mediaJSON + partialList + "," + mediaJSON, 200, mediaProtobuf},
		{list, mediaJSON + partialList + "," + mediaJSON, 200, mediaJSON},
		{list, "application/yaml", 200, "application/yaml"},
		{list, "", 200, mediaJSON},
		// Who takes nothing else hears so, in a form that everybody reads.
		{list, mediaProtobuf, 406, mediaJSON},
		{list, "text/csv", 406, mediaJSON},
	} {
		code, contentType, body, _ := answer(t.Context(), raw(t).Get().AbsPath(test.path).SetHeader("Accept", test.accept))
		require.Equal(t, test.code, code, "GET %s, Accept: %s: %s", test.path, test.accept, body)
		require.Equal(t, test.contentType, contentType, "GET %s, Accept: %s", test.path, test.accept)
	}
}

func TestTypedClientThatOffersProtobuf(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	config := rest.CopyConfig(env.ControlPlane.RESTConfig())
	config.AcceptContentTypes = mediaProtobuf + "," + mediaJSON
	config.ContentType = mediaJSON
	clientset, err := versioned.NewForConfig(config)
	require.NoError(t, err)
	client := clientset.ExternalSecretsV1().ExternalSecrets(namespace)

	events, err := client.Watch(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	defer events.Stop()
	created, err := client.Create(t.Context(), externalSecret("one"), metav1.CreateOptions{})
	require.NoError(t, err)
	read, err := client.Get(t.Context(), "one", metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, created.UID, read.UID)
	event := <-events.ResultChan()
	require.Equal(t, created.UID, event.Object.(*v1.ExternalSecret).UID)
}

func TestMetadataClient(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	for _, contentType := range []string{mediaProtobuf, mediaJSON} {
		config := metadata.ConfigFor(env.ControlPlane.RESTConfig())
		config.ContentType = contentType
		config.AcceptContentTypes = contentType + "," + mediaJSON
		all, err := metadata.NewForConfig(config)
		require.NoError(t, err)
		client := all.Resource(v1.SchemeGroupVersion.WithResource("externalsecrets")).Namespace(namespace)

		events, err := client.Watch(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		created := createExternalSecret(t, namespace, "one")
		object, err := client.Get(t.Context(), "one", metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, created.ObjectMeta, object.ObjectMeta, contentType)
		list, err := client.List(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		require.Len(t, list.Items, 1)
		require.Equal(t, created.UID, list.Items[0].UID)
		event := <-events.ResultChan()
		require.Equal(t, created.ObjectMeta, event.Object.(*metav1.PartialObjectMetadata).ObjectMeta)
		events.Stop()
		require.NoError(t, client.Delete(t.Context(), "one", metav1.DeleteOptions{}))
	}
}

// TestProtobufAloneChangesNothing: a write whose answer nobody could read does
// not happen.
func TestProtobufAloneChangesNothing(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	list := groupPath("namespaces", namespace, "externalsecrets")
	code, contentType, _, _ := answer(t.Context(), raw(t).Post().AbsPath(list).SetHeader("Accept", mediaProtobuf).
		SetHeader("Content-Type", "application/yaml").Body([]byte(manifest("one"))))
	require.Equal(t, http.StatusNotAcceptable, code)
	require.Equal(t, mediaJSON, contentType)
	code, _, _, _ = answer(t.Context(), raw(t).Get().AbsPath(list).Param("watch", "1").SetHeader("Accept", mediaProtobuf))
	require.Equal(t, http.StatusNotAcceptable, code)
	left, err := externalSecrets(t, namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Empty(t, left.Items)
}

// TestWatchOfMetadataAndTables asks for the two other forms that a watch has.
func TestWatchOfMetadataAndTables(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	createExternalSecret(t, namespace, "one")
	for as, kind := range map[string]string{
		";as=PartialObjectMetadata;g=meta.k8s.io;v=v1": "PartialObjectMetadata",
		";as=Table;g=meta.k8s.io;v=v1":                 "Table",
		"":                                             "ExternalSecret",
	} {
		stream, err := raw(t).Get().AbsPath(groupPath("namespaces", namespace, "externalsecrets")).
			Param("watch", "true").Param("timeoutSeconds", "60").
			SetHeader("Accept", mediaProtobuf+","+mediaJSON+as).Stream(t.Context())
		require.NoError(t, err)
		line, err := bufio.NewReader(stream).ReadBytes('\n')
		require.NoError(t, err)
		require.NoError(t, stream.Close())
		var event struct {
			Type   string
			Object struct{ Kind string }
		}
		require.NoError(t, json.Unmarshal(line, &event), "%s", line)
		require.Equal(t, "ADDED", event.Type)
		require.Equal(t, kind, event.Object.Kind)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	namespace := apiNamespace(t)
	path := groupPath("namespaces", namespace, "externalsecrets")
	for contentType, code := range map[string]int{
		mediaProtobuf:      http.StatusBadRequest,
		"text/csv":         http.StatusUnsupportedMediaType,
		"application/yaml": http.StatusCreated,
	} {
		got, _, body, _ := answer(t.Context(), raw(t).Post().AbsPath(path).SetHeader("Content-Type", contentType).Body([]byte(manifest("one"))))
		require.Equal(t, code, got, "%s: %s", contentType, body)
	}
}
