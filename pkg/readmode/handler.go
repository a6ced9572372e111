package readmode

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

const protobuf = "application/vnd.kubernetes.protobuf"

// Handler stands ahead of the API under prefix. It notes what a request asks for, and drops the offer to take objects as
// protobuf, which these kinds have no encoding for: negotiation would answer 406, or start a watch that breaks, although
// the client offers JSON too. Metadata has a protobuf encoding and keeps its offer. Who takes objects as protobuf alone is
// told 406 before anything is done: negotiation would find out after the write.
func Handler(prefix string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, prefix) {
			next.ServeHTTP(w, r)
			return
		}
		asked := Asked{Command: Command(r.Header.Get("Kubectl-Command"))}
		if accept := r.Header.Get("Accept"); accept != "" {
			kept, metadata := negotiable(accept)
			if kept == "" && forObjects(r) {
				refuse(w)
				return
			}
			asked.Metadata = metadata
			if kept != "" && kept != accept {
				r = r.Clone(r.Context())
				r.Header.Set("Accept", kept)
			}
		}
		next.ServeHTTP(w, r.WithContext(WithAsked(r.Context(), asked)))
	})
}

// forObjects tells requests of objects from those of discovery documents, which have a protobuf encoding.
func forObjects(r *http.Request) bool {
	info, ok := genericapirequest.RequestInfoFrom(r.Context())
	return ok && info.IsResourceRequest
}

// refuse answers 406 in JSON, as the API does to other media types that it does not know.
func refuse(w http.ResponseWriter) {
	var refusal apierrors.APIStatus
	errors.As(negotiation.NewNotAcceptableError([]string{"application/json", "application/yaml"}), &refusal)
	status := refusal.Status()
	status.Kind, status.APIVersion = "Status", "v1"
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(status.Code))
	// Who has gone does not hear it.
	_ = json.NewEncoder(w).Encode(status)
}

// negotiable is the Accept header without the offers of protobuf that cannot be met, empty where no other is left, and
// whether the first offer that stays is for metadata alone.
func negotiable(accept string) (kept string, metadata bool) {
	var offers []string
	for _, offer := range strings.Split(accept, ",") {
		mediaType, params, err := mime.ParseMediaType(strings.TrimSpace(offer))
		partial := err == nil && strings.HasPrefix(params["as"], "PartialObjectMetadata")
		if err == nil && mediaType == protobuf && !partial {
			continue
		}
		if len(offers) == 0 {
			metadata = partial
		}
		offers = append(offers, offer)
	}
	return strings.Join(offers, ","), metadata
}
