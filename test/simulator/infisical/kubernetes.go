package infisical

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// reviewTimeout is how long the server waits for an API server.
const reviewTimeout = 10 * time.Second

// KubernetesAuth is login by a service account's token. With a Host, an API
// server reviews the token, as it does for the real server; without one, the
// token's claims are believed, whoever signed it.
type KubernetesAuth struct {
	// Host is the API server's URL, CA what its certificate is verified against,
	// in PEM, and ReviewerToken what the server reviews with.
	Host          string
	CA            []byte
	ReviewerToken string
	// Namespaces, Names and Audience are whom it lets in; empty ones let in
	// everybody. Without an Audience, the API server checks its own.
	Namespaces []string
	Names      []string
	Audience   string
}

// review is what a TokenReview shows.
type review struct {
	Authenticated bool     `json:"authenticated"`
	Audiences     []string `json:"audiences"`
	Error         string   `json:"error"`
	User          struct {
		Username string `json:"username"`
	} `json:"user"`
}

func (s *Server) loginKubernetes(r *http.Request) (any, error) {
	request, err := readLogin(r, "identityId", "jwt")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	i := s.byID(request["identityId"])
	s.mu.Unlock()
	if i == nil || i.Kubernetes == nil {
		return nil, notFound("Kubernetes auth method not found for identity, did you configure Kubernetes auth?")
	}
	reviewed, err := i.Kubernetes.review(r.Context(), request["jwt"], s.clock())
	if err != nil {
		return nil, err
	}
	if err := i.Kubernetes.admit(reviewed); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enter(i, request)
}

func (a *KubernetesAuth) review(ctx context.Context, token string, now time.Time) (*review, error) {
	if a.Host != "" {
		return a.ask(ctx, token)
	}
	claims, err := readJWT(token)
	switch {
	case err != nil:
		return &review{Error: "[invalid bearer token]"}, nil
	case claims.Expires != 0 && now.Unix() >= claims.Expires:
		return &review{Error: "[invalid bearer token, service account token has expired]"}, nil
	}
	r := &review{Authenticated: true, Audiences: claims.Audience}
	r.User.Username = claims.Subject
	return r, nil
}

// ask has the API server review the token.
func (a *KubernetesAuth) ask(ctx context.Context, token string) (*review, error) {
	spec := map[string]any{"token": token}
	if a.Audience != "" {
		spec["audiences"] = []string{a.Audience}
	}
	body, err := json.Marshal(map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec})
	if err != nil {
		panic(err) // Texts always encode.
	}
	ctx, cancel := context.WithTimeout(ctx, reviewTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Host+"/apis/authentication.k8s.io/v1/tokenreviews", bytes.NewReader(body))
	if err != nil {
		return nil, badRequest("the address of the API server is none")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+a.ReviewerToken)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.CA)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, badRequest(err.Error())
	}
	defer response.Body.Close()
	var answer struct{ Status review }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusCreated {
		return nil, badRequest(fmt.Sprintf("the API server answered %d", response.StatusCode))
	}
	return &answer.Status, nil
}

// admit goes by what a review shows.
func (a *KubernetesAuth) admit(r *review) error {
	user, isAccount := strings.CutPrefix(r.User.Username, "system:serviceaccount:")
	namespace, name, _ := strings.Cut(user, ":")
	switch {
	case r.Error != "":
		return &failure{Status: http.StatusUnauthorized, Name: "KubernetesTokenReviewError", Message: r.Error}
	case !r.Authenticated || !isAccount:
		return &failure{Status: http.StatusUnauthorized, Name: "KubernetesTokenReviewError", Message: "Kubernetes token not authenticated"}
	case len(a.Namespaces) > 0 && !slices.Contains(a.Namespaces, namespace):
		return unauthorized("Access denied: K8s namespace not allowed.")
	case len(a.Names) > 0 && !slices.Contains(a.Names, name):
		return unauthorized("Access denied: K8s name not allowed.")
	case a.Audience != "" && !slices.Contains(r.Audiences, a.Audience):
		return unauthorized("Access denied: K8s audience not allowed.")
	}
	return nil
}
