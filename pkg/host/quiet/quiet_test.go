package quiet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// canary is short enough to show in one row of a hex dump, too.
const canary = "c4n4ry"

// logged collects what klog writes, at the highest verbosity there is.
var logged lockedBuffer

func TestMain(m *testing.M) {
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	if err := flags.Parse([]string{"-v=10", "-logtostderr=false", "-stderrthreshold=FATAL"}); err != nil {
		panic(err)
	}
	klog.SetOutput(&logged)
	os.Exit(m.Run())
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// take returns what was logged since it was last called.
func (l *lockedBuffer) take() string {
	klog.Flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.b.Reset()
	return l.b.String()
}

// serve is an API server that gives one answer to every request.
func serve(t *testing.T, answer http.HandlerFunc) *rest.Config {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL, BearerToken: canary}
}

func answerJSON(code int, object any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Warning", `299 - "`+canary+`"`)
		w.Header().Set("X-Canary", canary)
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(object)
	}
}

func answerText(code int, contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
	}
}

func secret() *corev1.Secret {
	return &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "team", Name: "db", UID: "u", ResourceVersion: "7",
			Labels:      map[string]string{"l": canary},
			Annotations: map[string]string{corev1.LastAppliedConfigAnnotation: canary},
		},
		Data: map[string][]byte{"password": []byte(canary)},
	}
}

// status is an answer as an API server and its webhooks give it: full of what was sent.
func status(code int32, reason metav1.StatusReason) metav1.Status {
	return metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure,
		Code:     code,
		Reason:   reason,
		Message:  "denied: " + canary,
		Details: &metav1.StatusDetails{Name: "db", Kind: "Secret", RetryAfterSeconds: 0, Causes: []metav1.StatusCause{
			{Type: metav1.CauseTypeFieldValueInvalid, Field: "data[" + canary + "]", Message: canary},
			{Type: metav1.CauseTypeFieldValueInvalid, Field: "metadata.labels", Message: canary},
			{Type: canary, Field: canary, Message: canary},
		}},
	}
}

// requests are all that a Client can do with one Secret, and with one object of another kind.
var requests = map[string]func(context.Context, *Client) error{
	"get": func(ctx context.Context, c *Client) error {
		_, err := c.GetSecret(ctx, "team", "db")
		return err
	},
	"get config map": func(ctx context.Context, c *Client) error {
		_, err := c.GetConfigMap(ctx, "team", "db")
		return err
	},
	"get service account": func(ctx context.Context, c *Client) error {
		_, err := c.GetServiceAccount(ctx, "team", "db")
		return err
	},
	"request token": func(ctx context.Context, c *Client) error {
		_, err := c.RequestToken(ctx, "team", "db", "u", []string{"https://vault"})
		return err
	},
	"review token": func(ctx context.Context, c *Client) error {
		_, err := c.Accepts(ctx, "team", "db", value.FromString(canary))
		return err
	},
	"create": func(ctx context.Context, c *Client) error {
		_, err := c.CreateSecret(ctx, secret(), "manager")
		return err
	},
	"update": func(ctx context.Context, c *Client) error {
		_, err := c.UpdateSecret(ctx, secret(), "manager")
		return err
	},
	"delete": func(ctx context.Context, c *Client) error {
		return c.DeleteSecret(ctx, "team", "db", "u", "7")
	},
	"get object": func(ctx context.Context, c *Client) error {
		_, err := c.GetObject(ctx, appConfigs, "team", "db")
		return err
	},
	"create object": func(ctx context.Context, c *Client) error {
		_, err := c.CreateObject(ctx, appConfigs, appConfig(), "manager")
		return err
	},
	"update object": func(ctx context.Context, c *Client) error {
		_, err := c.UpdateObject(ctx, appConfigs, appConfig(), "manager")
		return err
	},
	"delete object": func(ctx context.Context, c *Client) error {
		return c.DeleteObject(ctx, appConfigs, "team", "db", "u", "7")
	},
	"list": func(ctx context.Context, c *Client) error {
		_, err := c.ListWatch(corev1.SchemeGroupVersion.WithResource("secrets"), Where{}, dropAll).ListWithContext(ctx, metav1.ListOptions{})
		return err
	},
	"watch": watchOnce,
}

func dropAll(p *metav1.PartialObjectMetadata) { p.ObjectMeta = metav1.ObjectMeta{Name: p.Name} }

// watchOnce takes one event of a watch and makes an error of one that is an error.
func watchOnce(ctx context.Context, c *Client) error {
	w, err := c.ListWatch(corev1.SchemeGroupVersion.WithResource("secrets"), Where{}, dropAll).WatchWithContext(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	defer w.Stop()
	event, ok := <-w.ResultChan()
	if ok && event.Type == watch.Error {
		return apierrors.FromObject(event.Object)
	}
	return nil
}

// TestNothingIsSaid makes every request against every kind of answer.
func TestNothingIsSaid(t *testing.T) {
	broken := `{"kind":"Secret","apiVersion":"v1","metadata":{"name":` + canary + `"data":{"password":"` + canary
	for name, answer := range map[string]http.HandlerFunc{
		"a Secret":           answerJSON(200, secret()),
		"a token":            answerJSON(201, authenticationv1.TokenRequest{TypeMeta: authentication("TokenRequest"), Status: authenticationv1.TokenRequestStatus{Token: canary}}),
		"a review":           answerJSON(201, authenticationv1.TokenReview{TypeMeta: authentication("TokenReview"), Spec: authenticationv1.TokenReviewSpec{Token: canary}}),
		"invalid":            answerJSON(422, status(422, metav1.StatusReasonInvalid)),
		"conflict":           answerJSON(409, status(409, metav1.StatusReasonConflict)),
		"a webhook's words":  answerJSON(403, status(403, canary)),
		"not found":          answerJSON(404, status(404, metav1.StatusReasonNotFound)),
		"expired":            answerJSON(410, status(410, metav1.StatusReasonExpired)),
		"a proxy's page":     answerText(502, "text/html", "<html>"+canary),
		"plain text":         answerText(500, "text/plain", canary),
		"broken JSON":        answerText(200, "application/json", broken),
		"no protobuf":        answerText(200, "application/vnd.kubernetes.protobuf", "k8s\x00"+canary),
		"an unknown kind":    answerText(200, "application/json", `{"kind":"`+canary+`","apiVersion":"v1"}`),
		"an unknown type":    answerText(200, canary+"/"+canary, canary),
		"a type that is bad": answerText(200, canary+";;;", canary),
		"an event": answerText(200, "application/json", `{"type":"ADDED","object":{"kind":"PartialObjectMetadata",`+
			`"apiVersion":"meta.k8s.io/v1","metadata":{"name":"db","annotations":{"a":"`+canary+`"}}}}`),
		"an event of errors":   answerJSON(200, map[string]any{"type": "ERROR", "object": status(410, metav1.StatusReasonExpired)}),
		"an event that breaks": answerText(200, "application/json", `{"type":"ADDED","object":{"kind":`+canary),
		"an event of no sort":  answerText(200, "application/json", `{"type":"`+canary+`","object":{}}`),
	} {
		client, err := New(serve(t, answer))
		require.NoError(t, err)
		for what, request := range requests {
			t.Run(what+"/"+name, func(t *testing.T) {
				logged.take()
				err := request(t.Context(), client)
				require.Empty(t, logged.take())
				for ; err != nil; err = errors.Unwrap(err) {
					require.NotContains(t, fmt.Sprintf("%v\n%+v\n%#v", err, err, err), canary)
				}
			})
		}
	}
}

// TestOthersDoSay shows that the test above would notice: a client that is not quiet logs both ways.
func TestOthersDoSay(t *testing.T) {
	client, err := kubernetes.NewForConfig(serve(t, answerJSON(200, secret())))
	require.NoError(t, err)
	logged.take()
	_, err = client.CoreV1().Secrets("team").Get(t.Context(), "db", metav1.GetOptions{})
	require.NoError(t, err)
	require.Contains(t, logged.take(), canary)
}

func TestWithoutContextualLoggingNothingIsSent(t *testing.T) {
	sent := 0
	config := serve(t, func(http.ResponseWriter, *http.Request) { sent++ })
	client, err := New(config)
	require.NoError(t, err)

	klog.EnableContextualLogging(false)
	t.Cleanup(func() { klog.EnableContextualLogging(true) })
	for what, request := range requests {
		require.ErrorContains(t, request(t.Context(), client), "contextual logging", what)
	}
	require.Zero(t, sent)
	_, err = New(config)
	require.ErrorContains(t, err, "contextual logging")
}

func TestRequestsEndWithTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	arrived := make(chan struct{})
	client, err := New(serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}))
	require.NoError(t, err)
	go func() {
		<-arrived
		cancel()
	}()
	_, err = client.GetSecret(ctx, "team", "db")
	require.ErrorIs(t, err, context.Canceled)
}

func TestWritesCarryTheirPreconditions(t *testing.T) {
	var last *http.Request
	var body []byte
	client, err := New(serve(t, func(w http.ResponseWriter, r *http.Request) {
		last, body = r, nil
		body, _ = io.ReadAll(r.Body)
		answerJSON(200, secret())(w, r)
	}))
	require.NoError(t, err)

	require.NoError(t, client.DeleteSecret(t.Context(), "team", "db", "u-1", "41"))
	require.Equal(t, http.MethodDelete, last.Method)
	require.Contains(t, string(body), "u-1")
	require.Contains(t, string(body), "41")

	_, err = client.UpdateSecret(t.Context(), secret(), "the-manager")
	require.NoError(t, err)
	require.Equal(t, "the-manager", last.URL.Query().Get("fieldManager"))

	last = nil
	require.Error(t, client.DeleteSecret(t.Context(), "team", "db", "", "41"))
	require.Error(t, client.DeleteSecret(t.Context(), "team", "db", "u-1", ""))
	unversioned := secret()
	unversioned.ResourceVersion = ""
	_, err = client.UpdateSecret(t.Context(), unversioned, "the-manager")
	require.Error(t, err)
	require.Nil(t, last, "nothing is sent without preconditions")
}

func TestNamesCannotLeaveTheirPath(t *testing.T) {
	sent := 0
	client, err := New(serve(t, func(http.ResponseWriter, *http.Request) { sent++ }))
	require.NoError(t, err)
	for _, name := range []string{"", "..", "../../other/secrets/db", "a%2fb"} {
		_, err := client.GetSecret(t.Context(), "team", name)
		require.Error(t, err, name)
	}
	_, err = client.GetSecret(t.Context(), "", "db")
	require.Error(t, err)
	require.Zero(t, sent)
}
