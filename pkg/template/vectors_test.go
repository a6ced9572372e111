package template

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVectors holds functions of text, time, hashes and numbers against what other tools say: see testdata/vectors.py.
func TestVectors(t *testing.T) {
	var vectors []struct{ Tool, Template, Want string }
	require.NoError(t, json.Unmarshal([]byte(fixture(t, "vectors.json")), &vectors))
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		got, err := execute(t, v.Template, nil)
		require.NoError(t, err, v.Template)
		require.Equal(t, v.Want, got, "%s: %s", v.Tool, v.Template)
	}
}
