package v1_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	apply "github.com/live-secrets/external-secrets-apiserver/pkg/generated/applyconfiguration/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned/fake"
)

// The generated fake applies by the schema that the generated apply configurations carry: both work only if the generators
// found our types in it.
func TestGeneratedClientsKnowTheSchema(t *testing.T) {
	client := fake.NewClientset().ExternalSecretsV1().ExternalSecrets("team")
	wish := apply.ExternalSecret("db", "team").WithSpec(apply.ExternalSecretSpec().WithRefreshInterval("5m"))
	applied, err := client.Apply(t.Context(), wish, metav1.ApplyOptions{FieldManager: "author"})
	require.NoError(t, err)
	require.Equal(t, "5m", *applied.Spec.RefreshInterval)
}
