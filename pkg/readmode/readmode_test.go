package readmode

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

func TestLive(t *testing.T) {
	for name, c := range map[string]struct {
		asked   Asked
		user    string
		version string
		live    bool
	}{
		"any client, most recent":          {live: true},
		"kubectl get":                      {asked: Asked{Command: "get"}, live: true},
		"kubectl describe":                 {asked: Asked{Command: "describe"}, live: true},
		"kubectl apply reads what it sent": {asked: Asked{Command: "apply"}},
		"kubectl diff":                     {asked: Asked{Command: "diff"}},
		"kubectl edit":                     {asked: Asked{Command: "edit"}},
		"kubectl wait":                     {asked: Asked{Command: "wait"}},
		"an informer":                      {version: "0"},
		"at a version":                     {version: "17"},
		"metadata":                         {asked: Asked{Metadata: true}},
		"this server itself":               {user: user.APIServerUser},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := genericapirequest.WithUser(context.Background(), &user.DefaultInfo{Name: c.user})
			require.Equal(t, c.live, Live(WithAsked(ctx, c.asked), c.version))
		})
	}
	require.True(t, Live(context.Background(), ""), "a request that nothing is known of")
}

func TestHandler(t *testing.T) {
	const (
		proto    = "application/vnd.kubernetes.protobuf"
		partial  = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
		table    = ";as=Table;g=meta.k8s.io;v=v1"
		own      = "/apis/external-secrets.io/v1/externalsecrets"
		jsonType = "application/json"
	)
	for name, c := range map[string]struct {
		path, accept, command string
		kept                  string
		asked                 Asked
	}{
		"nothing asked":                {path: own},
		"json":                         {path: own, accept: jsonType, kept: jsonType},
		"protobuf before json":         {path: own, accept: proto + "," + jsonType, kept: jsonType},
		"protobuf after json":          {path: own, accept: jsonType + ", " + proto, kept: jsonType},
		"protobuf of a discovery page": {path: "/apis/external-secrets.io/v1", accept: proto, kept: proto},
		"protobuf watch":               {path: own, accept: proto + ";stream=watch," + jsonType, kept: jsonType},
		"a table in protobuf":          {path: own, accept: proto + table + "," + jsonType + table, kept: jsonType + table},
		"metadata in protobuf":         {path: own, accept: proto + partial, kept: proto + partial, asked: Asked{Metadata: true}},
		"metadata, else the objects":   {path: own, accept: jsonType + partial + "," + jsonType, kept: jsonType + partial + "," + jsonType, asked: Asked{Metadata: true}},
		"objects, else metadata":       {path: own, accept: jsonType + "," + jsonType + partial, kept: jsonType + "," + jsonType + partial},
		"what kubectl get sends":       {path: own, accept: jsonType + table + "," + jsonType, command: "kubectl get", kept: jsonType + table + "," + jsonType, asked: Asked{Command: "get"}},
		"what no one can parse stays":  {path: own, accept: ";;=," + jsonType, kept: ";;=," + jsonType},
		"other paths are left alone":   {path: "/apis", accept: proto + "," + jsonType, command: "kubectl get", kept: proto + "," + jsonType},
	} {
		t.Run(name, func(t *testing.T) {
			request := httptest.NewRequest(http.MethodGet, c.path, nil)
			if c.accept != "" {
				request.Header.Set("Accept", c.accept)
			}
			if c.command != "" {
				request.Header.Set("Kubectl-Command", c.command)
			}
			called := false
			Handler("/apis/external-secrets.io/", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				called = true
				require.Equal(t, c.kept, r.Header.Get("Accept"))
				require.Equal(t, c.asked, AskedFrom(r.Context()))
			})).ServeHTTP(httptest.NewRecorder(), request)
			require.True(t, called)
			require.Equal(t, c.accept, request.Header.Get("Accept"), "the caller's request is not changed")
		})
	}
}

func TestObjectsInProtobufAloneAreRefused(t *testing.T) {
	request := httptest.NewRequest(http.MethodPost, "/apis/external-secrets.io/v1/externalsecrets", nil)
	request.Header.Set("Accept", protobuf)
	request = request.WithContext(genericapirequest.WithRequestInfo(request.Context(), &genericapirequest.RequestInfo{IsResourceRequest: true}))
	answer := httptest.NewRecorder()
	Handler("/apis/external-secrets.io/", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the request was served")
	})).ServeHTTP(answer, request)
	require.Equal(t, http.StatusNotAcceptable, answer.Code)
	var status metav1.Status
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &status))
	require.Equal(t, metav1.StatusReasonNotAcceptable, status.Reason)
	require.Contains(t, status.Message, "application/json")
	require.Equal(t, "Status", status.Kind)
}

func TestCommand(t *testing.T) {
	for header, command := range map[string]string{
		"": "", "kubectl": "", "kubectl get": "get", "kubectl apply": "apply", "kubectl rollout status": "rollout",
	} {
		require.Equal(t, command, Command(header), header)
	}
}

func TestUser(t *testing.T) {
	as := func(name string) context.Context {
		return genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: name})
	}
	require.Equal(t, "alice", User(as("alice")))
	require.Equal(t, "system:serviceaccount:ci:bot", User(as("system:serviceaccount:ci:bot")))
	require.Empty(t, User(as(user.APIServerUser)), "this server itself")
	require.Empty(t, User(t.Context()))
}
