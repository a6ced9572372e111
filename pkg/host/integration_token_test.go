package host_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/ref"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// testTokens checks what a real API server puts into a token, which it accepts itself, and that another service account of
// the same name is another one.
func (r *realHost) testTokens(t *testing.T) {
	accounts := r.plain.CoreV1().ServiceAccounts(namespace)
	create := func() *corev1.ServiceAccount {
		t.Helper()
		created, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "robot"}}, metav1.CreateOptions{})
		require.NoError(t, err)
		return created
	}
	reader := ref.New(ref.Config{Objects: r.host.Client(), Index: r.host})
	material := func(audiences ...string) (provider.Material, error) {
		return reader.Material(t.Context(), namespace, []provider.Reference{
			{Purpose: "account", ServiceAccount: true, Name: "robot", Audiences: audiences, Field: "provider.p.serviceAccountRef"},
		})
	}
	robot := create()
	first, err := material("https://vault")
	require.NoError(t, err)
	token, err := reader.Token(t.Context(), first["account"])
	require.NoError(t, err)
	claims := claimsOf(t, string(token.Bytes()))
	require.Equal(t, []string{"https://vault"}, claims.Audience)
	require.Equal(t, "system:serviceaccount:default:robot", claims.Subject)
	require.EqualValues(t, 600, claims.Expires-claims.Issued)

	// An API server that is told nothing else accepts tokens for their issuer.
	for _, audiences := range [][]string{{claims.Issuer}, {"https://vault", claims.Issuer}} {
		own, err := material(audiences...)
		require.NoError(t, err)
		token, err := reader.Token(t.Context(), own["account"])
		require.Zero(t, token.Len())
		require.Equal(t, provider.Invalid, provider.ReasonOf(err))
		require.ErrorContains(t, err, "the cluster itself accepts")
	}

	require.NoError(t, accounts.Delete(t.Context(), "robot", metav1.DeleteOptions{}))
	require.Eventually(t, func() bool { _, err := material("https://vault"); return err != nil }, patience, pause)
	require.NotEqual(t, robot.UID, create().UID)
	require.Eventually(t, func() bool {
		again, err := material("https://vault")
		return err == nil && !again["account"].Equal(first["account"])
	}, patience, pause)
	_, err = reader.Token(t.Context(), first["account"])
	require.Error(t, err, "no token of the one for the other")
	require.NotContains(t, err.Error(), "eyJ")
}

// tokenClaims are what is in a token.
type tokenClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience []string `json:"aud"`
	Issued   int64    `json:"iat"`
	Expires  int64    `json:"exp"`
}

func claimsOf(t *testing.T, token string) tokenClaims {
	t.Helper()
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3)
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	var claims tokenClaims
	require.NoError(t, json.Unmarshal(text, &claims))
	return claims
}
