package externalsecret

import (
	"fmt"
	"math"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// codes are the HTTP statuses of Reasons. A store whose credential is refused is this server's matter, not the user's: it
// is no 401.
var codes = map[provider.Reason]struct {
	code   int32
	reason metav1.StatusReason
}{
	provider.NotFound:        {http.StatusNotFound, metav1.StatusReasonNotFound},
	provider.ScopeNotFound:   {http.StatusNotFound, metav1.StatusReasonNotFound},
	provider.Forbidden:       {http.StatusForbidden, metav1.StatusReasonForbidden},
	provider.Unauthenticated: {http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable},
	provider.RateLimited:     {http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests},
	provider.Unavailable:     {http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable},
	provider.Invalid:         {http.StatusUnprocessableEntity, metav1.StatusReasonInvalid},
}

// statusOf is the answer of the secret subresource where the values are not at hand. err names store, key and cause.
func statusOf(es *v1.ExternalSecret, reason provider.Reason, err error) error {
	code, known := codes[reason]
	if !known {
		code = codes[provider.Unavailable]
	}
	status := metav1.Status{
		Status: metav1.StatusFailure, Code: code.code, Reason: code.reason,
		Message: fmt.Sprintf("the values of ExternalSecret %s cannot be read: %s: %s", es.Name, reason, err.Error()),
		Details: &metav1.StatusDetails{Group: v1.GroupName, Kind: "externalsecrets", Name: es.Name},
	}
	if code.reason == metav1.StatusReasonInvalid {
		status.Details.Causes = causes(err.Error())
	}
	if after := provider.RetryAfterOf(err); after > 0 {
		status.Details.RetryAfterSeconds = int32(min(math.Ceil(after.Seconds()), math.MaxInt32))
	}
	return &apierrors.StatusError{ErrStatus: status}
}

// causes repeat the message: of an answer with the reason Invalid, kubectl shows the causes alone.
func causes(message string) []metav1.StatusCause {
	return []metav1.StatusCause{{Type: metav1.CauseTypeFieldValueInvalid, Field: "spec", Message: message}}
}

// unprocessable is the answer where the values are at hand and no Secret can be made of them.
func unprocessable(es *v1.ExternalSecret, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid,
		Message: fmt.Sprintf("the Secret of ExternalSecret %s cannot be made: %s", es.Name, message),
		Details: &metav1.StatusDetails{Group: v1.GroupName, Kind: "externalsecrets", Name: es.Name, Causes: causes(message)},
	}}
}
