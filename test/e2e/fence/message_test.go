package fence

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// What a person sees of a closed fence is one message: in the answer, in the log and in an Event; /readyz is not ready. What does not
// come from the store is served.
func TestAClosedFenceSaysWhatToDo(t *testing.T) {
	f := newTenant(t)
	f.App(t, "db")
	env.Server.Stop(t)
	wipe(t)
	logged := len(env.Server.Log(t))
	env.Server.Start(t)
	message := f.closedFor(t, "is not the one that the cluster has on record")

	t.Run("answer", func(t *testing.T) {
		var status apierrors.APIStatus
		require.ErrorAs(t, f.answer(t.Context(), t), &status)
		require.EqualValues(t, http.StatusServiceUnavailable, status.Status().Code)
		require.Positive(t, status.Status().Details.RetryAfterSeconds)
		for _, resource := range []string{"externalsecrets/db/secret", "externalsecrets/absent", "secretstores/vault/keys"} {
			err := env.Clientset(t).ExternalSecretsV1().RESTClient().Get().MaxRetries(0).
				AbsPath("/apis/external-secrets.io/v1/namespaces", f.Namespace, resource).Do(t.Context()).Error()
			require.True(t, apierrors.IsServiceUnavailable(err), "%s: %v", resource, err)
		}
	})
	t.Run("readiness", func(t *testing.T) {
		code, _ := env.Server.Fetch(t, "/readyz")
		require.Equal(t, http.StatusInternalServerError, code)
	})
	t.Run("what is served", func(t *testing.T) {
		for _, path := range []string{
			"/healthz", "/livez", "/readyz?exclude=fence", "/metrics", "/apis", "/apis/external-secrets.io/v1",
			"/openapi/v2", "/openapi/v3/apis/external-secrets.io/v1",
		} {
			code, _ := env.Server.Fetch(t, path)
			require.Equal(t, http.StatusOK, code, path)
		}
	})
	t.Run("log", func(t *testing.T) {
		require.Equal(t, 1, strings.Count(env.Server.Log(t)[logged:], "The fence is closed"))
	})
	t.Run("event", func(t *testing.T) {
		framework.Eventually(t, "there is an Event", func(ctx context.Context) error {
			events, err := env.Host(t).CoreV1().Events(serverNamespace).List(ctx, metav1.ListOptions{FieldSelector: "reason=StoreNotAccepted"})
			if err != nil {
				return err
			}
			for i := range events.Items {
				if strings.Contains(message, events.Items[i].Message) {
					return nil
				}
			}
			return fmt.Errorf("there are %d others", len(events.Items))
		})
	})
	accept(t, message)
}

// The record follows what is stored, and comes back when somebody deletes it.
func TestTheRecordFollowsTheStore(t *testing.T) {
	f := newTenant(t)
	f.App(t, "db")
	stored, err := strconv.ParseInt(f.Stored(t, "db").ResourceVersion, 10, 64)
	require.NoError(t, err)
	framework.Eventually(t, "the record has the change", func(ctx context.Context) error { return recorded(ctx, t, stored) })
	env.Kubectl(t).In(serverNamespace).Run("delete", "configmap", record)
	framework.Eventually(t, "the record is back", func(ctx context.Context) error { return recorded(ctx, t, stored) })
}

func recorded(ctx context.Context, t *testing.T, revision int64) error {
	found, err := env.Host(t).CoreV1().ConfigMaps(serverNamespace).Get(ctx, record, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if at, err := strconv.ParseInt(found.Data["revision"], 10, 64); err != nil || at < revision || found.Data["id"] == "" {
		return errors.New("it is " + fmt.Sprint(found.Data))
	}
	return nil
}
