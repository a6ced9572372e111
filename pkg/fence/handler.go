package fence

import (
	"errors"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/server/healthz"
)

// CheckName is the fence's among the checks of /readyz. A kubelet that asks /readyz?exclude=fence has a server whose store
// disagrees go on getting requests, so that its answers say why.
const CheckName = "fence"

// retryAfter is in seconds. Clients of Go ask ten times before they show an answer that has it: more would hide the message.
const retryAfter = 1

// Handler stands ahead of the API and refuses requests for objects of a group while the fence is closed: whoever asks, the
// server itself included. Documents of discovery and OpenAPI, health and metrics hold nothing of the store, and pass.
func (f *Fence) Handler(group schema.GroupVersion, serializer runtime.NegotiatedSerializer, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		closure := f.Closed()
		info, ok := genericapirequest.RequestInfoFrom(r.Context())
		if closure == nil || !ok || !info.IsResourceRequest || info.APIGroup != group.Group {
			next.ServeHTTP(w, r)
			return
		}
		responsewriters.ErrorNegotiated(refusal(info, closure), serializer, group, w, r)
	})
}

// refusal is a 503, and never a 404: that nobody knows is not that nothing is there.
func refusal(info *genericapirequest.RequestInfo, closure *Closure) error {
	err := apierrors.NewServiceUnavailable(closure.Message)
	err.ErrStatus.Details = &metav1.StatusDetails{
		Group: info.APIGroup, Kind: info.Resource, Name: info.Name, RetryAfterSeconds: retryAfter,
	}
	return err
}

// Check is ready while the fence is open.
func (f *Fence) Check() healthz.HealthChecker {
	return healthz.NamedCheck(CheckName, func(*http.Request) error {
		if closure := f.Closed(); closure != nil {
			return errors.New(closure.Message)
		}
		return nil
	})
}
