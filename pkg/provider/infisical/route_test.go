package infisical

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever writes a store chooses what stands before /api, and whoever writes a secret its name: there are few routes.
func TestRoutesAreFew(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v3/secrets/raw":                            "GET /api/v3/secrets/raw",
		"/canary/api/v3/secrets/raw":                     "GET /api/v3/secrets/raw",
		"/api/v3/secrets/raw/canary":                     "GET /api/v3/secrets/raw/{name}",
		"/api/v3/secrets/raw/api/v1/auth/canary":         "GET /api/v3/secrets/raw/{name}",
		"/api/v1/auth/canary/api/v1/auth/jwt-auth/login": "GET /api/v1/auth/jwt-auth/login",
		"/canary": "GET other",
	} {
		require.Equal(t, want, routeOf(http.MethodGet, path), path)
	}
}
