package refusal

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestOf(t *testing.T) {
	require.NoError(t, Of(nil))
	for _, err := range []error{
		rpctypes.ErrRequestTooLarge,
		status.Error(codes.ResourceExhausted, "trying to send message larger than max (2097881 vs. 2097152)"),
	} {
		require.True(t, apierrors.IsRequestEntityTooLargeError(Of(err)), "%v", err)
		require.ErrorContains(t, Of(err), "1.5 MiB")
	}
	var full apierrors.APIStatus
	require.ErrorAs(t, Of(rpctypes.ErrNoSpace), &full)
	require.EqualValues(t, http.StatusInsufficientStorage, full.Status().Code)
	require.Contains(t, full.Status().Message, "has reached its quota")

	bad := Of(errors.New("failed to create typed patch object (team/db; v1, Kind=K): .spec.x: field not declared in schema"))
	require.True(t, apierrors.IsBadRequest(bad))
	require.ErrorContains(t, bad, ".spec.x: field not declared in schema")

	for _, err := range []error{
		errors.New("the disk is full"),
		status.Error(codes.ResourceExhausted, "too many requests"),
		apierrors.NewConflict(schema.GroupResource{}, "name", errors.New("failed to create typed patch object")),
	} {
		require.Equal(t, err, Of(err))
	}
}
