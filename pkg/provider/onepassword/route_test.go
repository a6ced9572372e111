package onepassword

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A Connect server chooses its ids: however it does, there are few routes.
func TestRoutesAreFew(t *testing.T) {
	for path, want := range map[string]string{
		"/v1/vaults":                         "GET /v1/vaults",
		"/v1/vaults/a":                       "GET /v1/vaults/{vault}",
		"/v1/vaults/a/items/b":               "GET /v1/vaults/{vault}/items/{item}",
		"/v1/vaults/a/items/b/files/c":       "GET /v1/vaults/{vault}/items/{item}/files/{file}",
		"/v1/vaults/a/b/c":                   "GET other",
		"/v1/vaults/a/items/b/files/c/d/e":   "GET other",
		"/v2/vaults":                         "GET other",
		"/v1/vaults/{vault}/items/../canary": "GET other",
		"":                                   "GET other",
	} {
		require.Equal(t, want, routeOf(path), path)
	}
}
