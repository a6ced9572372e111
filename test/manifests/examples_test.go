package manifests

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
)

func TestExamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(artifacts, "examples", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var m manifests
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		m = append(m, parse(t, string(content))...)
	}

	stores := map[string]bool{}
	for _, store := range all[*v1.ClusterSecretStore](m) {
		require.Empty(t, validation.StoreSpec(&store.Spec), store.Name)
		stores[store.Name] = true
	}
	externalSecrets := all[*v1.ExternalSecret](m)
	require.NotEmpty(t, externalSecrets)
	for _, es := range externalSecrets {
		require.Empty(t, validation.ExternalSecret(es, validation.Rules{}), es.Name)
		require.True(t, stores[*es.Spec.SecretStoreRef.Name], "the store of %s is no example", es.Name)
	}
}
