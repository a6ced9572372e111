package quiet

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// subject is what a request was about, for messages: the names are the caller's own.
type subject struct {
	doing, kind, namespace, name string
}

func (s subject) String() string {
	switch {
	case s.name == "" && s.namespace == "":
		return s.doing + " " + s.kind
	case s.name == "":
		return fmt.Sprintf("%s %s of namespace %s", s.doing, s.kind, s.namespace)
	case s.namespace == "":
		return fmt.Sprintf("%s %s %s", s.doing, s.kind, s.name)
	}
	return fmt.Sprintf("%s %s %s/%s", s.doing, s.kind, s.namespace, s.name)
}

// Error is a request that had no answer, or none that makes sense. Its text is this project's.
type Error struct {
	message string
	// cause is nil, a context's error or an errno: nothing that can quote an answer.
	cause error
}

// Error is the message.
func (e *Error) Error() string { return e.message }

// Unwrap gives context errors and errnos to errors.Is.
func (e *Error) Unwrap() error { return e.cause }

// clean rebuilds an error from its code and its class, in this project's words.
func clean(what subject, err error) error {
	if err == nil {
		return nil
	}
	// A context that ended is recognized ahead of everything else, so that callers can tell their own deadline.
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ended) {
			return &Error{message: what.String() + ": no answer from the host cluster in time", cause: ended}
		}
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return &apierrors.StatusError{ErrStatus: *cleanStatus(what, status.Status())}
	}
	class, cause := classify(err)
	return &Error{message: what.String() + ": " + class, cause: cause}
}

// classify says what kept an answer from coming.
func classify(err error) (class string, cause error) {
	var (
		errno     syscall.Errno
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		timeout   net.Error
	)
	switch {
	case errors.As(err, &errno):
		return "the host cluster cannot be reached: " + errno.Error(), errno
	case errors.As(err, &dns):
		return "the host cluster cannot be reached: its name does not resolve", nil
	case errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &invalid):
		return "the certificate of the host cluster is not trusted", nil
	case errors.As(err, &timeout) && timeout.Timeout():
		return "the host cluster does not answer", nil
	}
	return "no readable answer from the host cluster", nil
}

// cleanStatus keeps of a Status what cannot quote an object: code, reason, how long to wait, and which fields are at fault.
// What callers and informers decide by is all there.
func cleanStatus(what subject, s metav1.Status) *metav1.Status {
	clean := &metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    s.Code,
		Reason:  metav1.StatusReasonUnknown,
		Details: &metav1.StatusDetails{Kind: what.kind, Name: what.name},
	}
	if slices.Contains(reasons, s.Reason) {
		clean.Reason = s.Reason
	}
	if s.Details != nil {
		clean.Details.RetryAfterSeconds = s.Details.RetryAfterSeconds
		for _, cause := range s.Details.Causes {
			if slices.Contains(causes, cause.Type) {
				clean.Details.Causes = append(clean.Details.Causes, metav1.StatusCause{Type: cause.Type, Field: cleanField(cause.Field)})
			}
		}
	}
	clean.Message = what.String() + ": " + explain(what, clean)
	return clean
}

// rights are the verbs of RBAC for what is only read: nothing but a missing right keeps one from that.
var rights = map[string]string{"reading": "get", "listing": "list", "watching": "watch"}

func explain(what subject, s *metav1.Status) string {
	for _, cause := range s.Details.Causes {
		if cause.Type == corev1.NamespaceTerminatingCause {
			return "its namespace is being deleted"
		}
	}
	switch s.Reason {
	case metav1.StatusReasonNotFound:
		return "it does not exist"
	case metav1.StatusReasonAlreadyExists:
		return "it exists already"
	case metav1.StatusReasonConflict:
		return "it was changed by somebody else"
	case metav1.StatusReasonForbidden:
		if verb, ok := rights[what.doing]; ok {
			return "the host cluster does not allow it: missing rights (" + verb + ")"
		}
		return "the host cluster does not allow it: missing rights, a quota or an admission rule"
	case metav1.StatusReasonInvalid:
		return "the host cluster finds it invalid" + atFault(s.Details.Causes)
	}
	return fmt.Sprintf("the host cluster answered %d %s", s.Code, s.Reason)
}

// atFault lists the fields of an invalid object, each once.
func atFault(causes []metav1.StatusCause) string {
	var faults []string
	for _, cause := range causes {
		fault := cause.Field + " (" + string(cause.Type) + ")"
		if cause.Field != "" && !slices.Contains(faults, fault) {
			faults = append(faults, fault)
		}
	}
	if len(faults) == 0 {
		return ""
	}
	return ": " + strings.Join(faults, ", ")
}

// cleanField is the part of a field's path that no content can have got into: the key of a map may be a value that a
// template turned into a key.
func cleanField(path string) string {
	path, _, _ = strings.Cut(path, "[")
	if slices.Contains(fields, path) {
		return path
	}
	// Of an object of another kind, any part of the path below may have been rendered.
	if root, _, _ := strings.Cut(path, "."); root == "spec" || root == "data" {
		return root
	}
	return ""
}

// fields are the paths of a Secret that an API server may name as invalid.
var fields = []string{
	"data", "immutable", "type", "metadata.annotations", "metadata.finalizers", "metadata.labels", "metadata.managedFields",
	"metadata.name", "metadata.namespace", "metadata.ownerReferences", "metadata.resourceVersion", "metadata.uid",
}

// causes are the types of causes that API machinery sets; a webhook may set others, in its own words.
var causes = []metav1.CauseType{
	corev1.NamespaceTerminatingCause,
	metav1.CauseTypeFieldValueNotFound, metav1.CauseTypeFieldValueRequired, metav1.CauseTypeFieldValueDuplicate,
	metav1.CauseTypeFieldValueInvalid, metav1.CauseTypeFieldValueNotSupported, metav1.CauseTypeForbidden,
	metav1.CauseTypeTooLong, metav1.CauseTypeTooMany, metav1.CauseTypeTypeInvalid, metav1.CauseTypeInternal,
	metav1.CauseTypeUnexpectedServerResponse, metav1.CauseTypeFieldManagerConflict, metav1.CauseTypeResourceVersionTooLarge,
}

// reasons are those of API machinery; a webhook may set others.
var reasons = []metav1.StatusReason{
	metav1.StatusReasonUnauthorized, metav1.StatusReasonForbidden, metav1.StatusReasonNotFound,
	metav1.StatusReasonAlreadyExists, metav1.StatusReasonConflict, metav1.StatusReasonGone, metav1.StatusReasonInvalid,
	metav1.StatusReasonServerTimeout, metav1.StatusReasonStoreReadError, metav1.StatusReasonTimeout,
	metav1.StatusReasonTooManyRequests, metav1.StatusReasonBadRequest, metav1.StatusReasonMethodNotAllowed,
	metav1.StatusReasonNotAcceptable, metav1.StatusReasonRequestEntityTooLarge, metav1.StatusReasonUnsupportedMediaType,
	metav1.StatusReasonInternalError, metav1.StatusReasonExpired, metav1.StatusReasonServiceUnavailable,
}
