// Package refusal tells users apart what k8s.io/apiserver and etcd report as internal errors although the request is what
// is wrong with it.
package refusal

import (
	"errors"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// messageTooLarge names the limit of a request to etcd, its --max-request-bytes, by default.
const messageTooLarge = "the object is too large to be stored: the limit is about 1.5 MiB, managed fields included"

// patchAgainstSchema is how the field managers of k8s.io/apimachinery begin an error about an applied object that does not
// fit the schema. They have no type for it.
const patchAgainstSchema = "failed to create typed patch object"

// Of is err as a refusal of the request where it is one, else err itself.
func Of(err error) error {
	var known apierrors.APIStatus
	if err == nil || errors.As(err, &known) {
		return err
	}
	switch {
	case tooLarge(err):
		return apierrors.NewRequestEntityTooLargeError(messageTooLarge)
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
