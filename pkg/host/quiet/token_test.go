package quiet

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

func TestReviewsAreByTheHost(t *testing.T) {
	accepts, path := false, ""
	client, err := New(serve(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.Method + " " + r.URL.Path
		review := authenticationv1.TokenReview{TypeMeta: authentication("TokenReview")}
		review.Status.Authenticated = accepts
		answerJSON(http.StatusCreated, review)(w, r)
	}))
	require.NoError(t, err)
	for _, accepts = range []bool{false, true} {
		accepted, err := client.Accepts(t.Context(), "team", "robot", value.FromString("token"))
		require.NoError(t, err)
		require.Equal(t, accepts, accepted)
	}
	require.Equal(t, "POST /apis/authentication.k8s.io/v1/tokenreviews", path)
}

func TestTokensAreForSomebody(t *testing.T) {
	path, requests := "", 0
	client, err := New(serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		path = r.URL.Path
		answer := authenticationv1.TokenRequest{TypeMeta: authentication("TokenRequest")}
		answer.Status.Token = "issued"
		answerJSON(http.StatusCreated, answer)(w, r)
	}))
	require.NoError(t, err)
	token, err := client.RequestToken(t.Context(), "team", "robot", "u-1", []string{"https://vault"})
	require.NoError(t, err)
	require.Equal(t, "issued", string(token.Bytes()))
	require.Equal(t, "/api/v1/namespaces/team/serviceaccounts/robot/token", path)

	_, err = client.RequestToken(t.Context(), "team", "robot", "u-1", nil)
	require.ErrorContains(t, err, "no audience is named")
	_, err = client.RequestToken(t.Context(), "team", "../x", "u-1", []string{"a"})
	require.Error(t, err)
	require.Equal(t, 1, requests)
}

func authentication(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: authenticationv1.SchemeGroupVersion.String(), Kind: kind}
}
