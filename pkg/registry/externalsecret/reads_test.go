package externalsecret

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

func (f *fixture) list(t testing.TB, resourceVersion string) *v1.ExternalSecretList {
	t.Helper()
	listed, err := f.rest.List(requestContext(), &metainternalversion.ListOptions{ResourceVersion: resourceVersion})
	require.NoError(t, err)
	return listed.(*v1.ExternalSecretList)
}

func (f *fixture) get(t testing.TB, name, resourceVersion string) *v1.ExternalSecret {
	t.Helper()
	got, err := f.rest.Get(requestContext(), name, &metav1.GetOptions{ResourceVersion: resourceVersion})
	require.NoError(t, err)
	return got.(*v1.ExternalSecret)
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// What a live read is laid over is shared with the watch cache: nothing of it may get in there.
func TestLiveReadsLeaveTheWatchCacheAsItIs(t *testing.T) {
	f := newFixture(t)
	for i := range 3 {
		f.create(t, externalSecret(t, i))
	}
	before, one := asJSON(t, f.list(t, "0")), asJSON(t, f.get(t, "app-1", "0"))

	live := f.list(t, "")
	require.Len(t, live.Items, 3)
	for i := range live.Items {
		require.Equal(t, v1.LiveInSync, live.Items[i].Status.Live.State)
	}
	require.Equal(t, v1.LiveInSync, f.get(t, "app-1", "").Status.Live.State)
	_, err := Table{}.ConvertToTable(t.Context(), live, &metav1.TableOptions{})
	require.NoError(t, err)

	require.Equal(t, before, asJSON(t, f.list(t, "0")))
	require.Equal(t, one, asJSON(t, f.get(t, "app-1", "0")))
	require.Equal(t, asJSON(t, live), asJSON(t, f.list(t, "")), "answers about the same facts are equal to the byte")
	for i := range live.Items {
		live.Items[i].Status.Live = nil
	}
	require.Equal(t, before, asJSON(t, live), "but for the live status it is the stored list")
}
