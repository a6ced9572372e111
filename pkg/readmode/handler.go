package readmode

import (
	"mime"
	"net/http"
	"strings"
)

const protobuf = "application/vnd.kubernetes.protobuf"

// Handler stands ahead of the API under prefix. It notes what a request asks for, and drops the offer to take objects as
// protobuf, which these kinds have no encoding for: negotiation would answer 406, or start a watch that breaks, although
// the client offers JSON too. Metadata has a protobuf encoding and keeps its offer.
func Handler(prefix string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, prefix) {
			next.ServeHTTP(w, r)
			return
		}
		asked := Asked{Command: Command(r.Header.Get("Kubectl-Command"))}
		if accept := r.Header.Get("Accept"); accept != "" {
			kept, metadata := negotiable(accept)
			asked.Metadata = metadata
			if kept != accept {
				r = r.Clone(r.Context())
				r.Header.Set("Accept", kept)
			}
		}
		next.ServeHTTP(w, r.WithContext(WithAsked(r.Context(), asked)))
	})
}

// negotiable is the Accept header without the offers of protobuf that cannot be met, and whether the first offer that
// stays is for metadata alone. A client that offers nothing else keeps its header, and gets the 406 that says so.
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
	if len(offers) == 0 {
		return accept, false
	}
	return strings.Join(offers, ","), metadata
}
