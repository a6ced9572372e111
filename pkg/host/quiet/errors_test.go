package quiet

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestErrorsKeepTheirClass(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		is     func(error) bool
		text   string
	}{
		{"conflict", answerJSON(409, status(409, metav1.StatusReasonConflict)), apierrors.IsConflict,
			"updating Secret team/db: it was changed by somebody else"},
		{"not found", answerJSON(404, status(404, metav1.StatusReasonNotFound)), apierrors.IsNotFound,
			"updating Secret team/db: it does not exist"},
		{"invalid", answerJSON(422, status(422, metav1.StatusReasonInvalid)), apierrors.IsInvalid,
			"updating Secret team/db: the host cluster finds it invalid: data (FieldValueInvalid), metadata.labels (FieldValueInvalid)"},
		{"a namespace that goes", answerJSON(403, metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: 403,
			Reason:  metav1.StatusReasonForbidden,
			Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}},
		}), apierrors.IsForbidden, "updating Secret team/db: its namespace is being deleted"},
		{"an answer without sense", answerText(200, "application/json", "{"), func(err error) bool {
			var e *Error
			return errors.As(err, &e)
		}, "updating Secret team/db: no readable answer from the host cluster"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, err := New(serve(t, test.answer))
			require.NoError(t, err)
			_, err = client.UpdateSecret(t.Context(), secret(), "manager")
			require.True(t, test.is(err))
			require.EqualError(t, err, test.text)
		})
	}
}

func TestHostThatCannotBeReached(t *testing.T) {
	config := serve(t, nil)
	server := httptest.NewServer(nil)
	config.Host = server.URL
	server.Close()
	client, err := New(config)
	require.NoError(t, err)
	_, err = client.GetSecret(t.Context(), "team", "db")
	require.ErrorIs(t, err, syscall.ECONNREFUSED, "informers back off by it")
	require.EqualError(t, err, "reading Secret team/db: the host cluster cannot be reached: connection refused")
}
