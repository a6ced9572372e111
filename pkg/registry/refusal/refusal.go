// Package refusal tells users apart what k8s.io/apiserver and etcd report as internal errors although the request is what
// is wrong with it, or somebody can do something about it.
package refusal

import (
	"errors"
	"net/http"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// messageTooLarge names the limit of a request to etcd, its --max-request-bytes, by default.
const messageTooLarge = "the object is too large to be stored: the limit is about 1.5 MiB, managed fields included"

// reasonInsufficientStorage is for the status code 507, for which the API machinery has no reason of its own.
const reasonInsufficientStorage metav1.StatusReason = "InsufficientStorage"

// messageNoSpace is told to users, who may not be those who can make room.
const messageNoSpace = "the etcd database of external-secrets-apiserver has reached its quota: nothing is stored until there is room " +
	"again; objects can be read, and deleted (docs/operations/backup.md)"

// patchAgainstSchema is how the field managers of k8s.io/apimachinery begin an error about an applied object that does not
// fit the schema. They have no type for it.
const patchAgainstSchema = "failed to create typed patch object"

// Of is err as a refusal of the request where it is one, and as one for want of room where that is it, else err itself.
func Of(err error) error {
	var known apierrors.APIStatus
	if err == nil || errors.As(err, &known) {
		return err
	}
	switch {
	case tooLarge(err):
		return apierrors.NewRequestEntityTooLargeError(messageTooLarge)
	case errors.Is(err, rpctypes.ErrNoSpace):
		return &apierrors.StatusError{ErrStatus: metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusInsufficientStorage, Reason: reasonInsufficientStorage, Message: messageNoSpace,
		}}
	case strings.HasPrefix(err.Error(), patchAgainstSchema):
		return apierrors.NewBadRequest(err.Error())
	}
	return err
}

// tooLarge knows the answer of etcd, and that of its client, which has a limit of its own above etcd's.
func tooLarge(err error) bool {
	return errors.Is(err, rpctypes.ErrRequestTooLarge) || status.Code(err) == codes.ResourceExhausted &&
		strings.Contains(err.Error(), "larger than max")
}
