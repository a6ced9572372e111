package privilege_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/live-secrets/external-secrets-apiserver/pkg/privilege"
)

func TestRefusal(t *testing.T) {
	for _, kind := range []corev1.SecretType{
		corev1.SecretTypeServiceAccountToken, corev1.SecretTypeBootstrapToken, "helm.sh/release.v1", "helm.sh/release.v2",
	} {
		require.NotEmpty(t, privilege.Of(kind), kind)
		require.Contains(t, privilege.Refusal(kind), string(kind))
	}
	for _, kind := range []corev1.SecretType{
		"", corev1.SecretTypeOpaque, corev1.SecretTypeTLS, corev1.SecretTypeDockerConfigJson, "example.com/helm.sh/release.v1",
	} {
		require.Empty(t, privilege.Of(kind), kind)
		require.Empty(t, privilege.Refusal(kind), kind)
	}
}
