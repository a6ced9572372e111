package pushsecret

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
)

func ask(t *testing.T, method, path string) (code int, body []byte) {
	t.Helper()
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	resolver := &genericapirequest.RequestInfoFactory{APIPrefixes: sets.NewString("apis"), GrouplessAPIPrefixes: sets.NewString("api")}
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	r.Header.Set("Accept", "application/json")
	info, err := resolver.NewRequestInfo(r)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	Handler(install.Scheme(), next).ServeHTTP(w, r.WithContext(genericapirequest.WithRequestInfo(r.Context(), info)))
	return w.Code, w.Body.Bytes()
}

func TestAnswers(t *testing.T) {
	const version = "/apis/external-secrets.io/v1alpha1"
	const secrets = version + "/namespaces/team/pushsecrets"
	for request, c := range map[string]struct {
		method, path string
		code         int
		message      string
	}{
		"create":             {http.MethodPost, secrets, http.StatusMethodNotAllowed, "does not push them: there are no pushsecrets.external-secrets.io here (create is refused"},
		"create a cluster's": {http.MethodPost, version + "/clusterpushsecrets", http.StatusMethodNotAllowed, "there are no clusterpushsecrets.external-secrets.io"},
		"apply":              {http.MethodPatch, secrets + "/a", http.StatusMethodNotAllowed, "(patch is refused"},
		"replace":            {http.MethodPut, secrets + "/a", http.StatusMethodNotAllowed, "(update is refused"},
		"list":               {http.MethodGet, secrets, http.StatusMethodNotAllowed, "(list is refused"},
		"get":                {http.MethodGet, secrets + "/a", http.StatusNotFound, `"a" not found`},
		"delete":             {http.MethodDelete, secrets + "/a", http.StatusNotFound, `"a" not found`},
		"status":             {http.MethodPut, secrets + "/a/status", http.StatusNotFound, "not found"},
		"another resource":   {http.MethodPost, version + "/namespaces/team/generators", http.StatusNotFound, "not found"},
		"another version":    {http.MethodPost, "/apis/external-secrets.io/v1/namespaces/team/externalsecrets", http.StatusTeapot, ""},
		"another group":      {http.MethodGet, "/apis/example.com/v1alpha1/namespaces/team/pushsecrets", http.StatusTeapot, ""},
		"a longer version":   {http.MethodGet, version + "1", http.StatusTeapot, ""},
	} {
		t.Run(request, func(t *testing.T) {
			code, body := ask(t, c.method, c.path)
			require.Equal(t, c.code, code)
			if c.message == "" {
				return
			}
			var status metav1.Status
			require.NoError(t, json.Unmarshal(body, &status))
			require.Equal(t, int32(c.code), status.Code)
			require.Contains(t, status.Message, c.message)
		})
	}
}

func TestDiscovery(t *testing.T) {
	code, body := ask(t, http.MethodGet, "/apis/external-secrets.io/v1alpha1")
	require.Equal(t, http.StatusOK, code)
	var list metav1.APIResourceList
	require.NoError(t, json.Unmarshal(body, &list))
	require.Len(t, list.APIResources, 2)
	aggregated, err := Discovery()
	require.NoError(t, err)
	require.Len(t, aggregated.Resources, 2)
	for _, resource := range list.APIResources {
		for _, verb := range []string{"list", "watch", "delete", "deletecollection"} {
			require.False(t, slices.Contains(resource.Verbs, verb), "the garbage collector and namespaces would ask for it")
		}
	}
}
