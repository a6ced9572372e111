package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDistribution(t *testing.T) {
	var hundred []float64
	for i := range 100 {
		hundred = append(hundred, float64(100-i))
	}
	require.Equal(t, Distribution{Count: 100, P50: 50, P99: 99, Max: 100}, distribution(hundred))
	require.Equal(t, Distribution{Count: 1, P50: 7, P99: 7, Max: 7}, distribution([]float64{7}))
	require.Equal(t, Distribution{Count: 3, P50: 2, P99: 3, Max: 3}, distribution([]float64{3, 1, 2}))
	require.Zero(t, distribution(nil))
}

func TestResourceOf(t *testing.T) {
	for key, want := range map[string]string{
		"/registry/secrets/default/name":                                              "secrets",
		"/registry/leases/external-secrets/external-secrets-apiserver":                "leases",
		"/registry/external-secrets.io/external-secrets.io/externalsecrets/default/a": "externalsecrets",
		"compact_rev_key": "compact_rev_key",
	} {
		require.Equal(t, want, resourceOf(key), key)
	}
}
