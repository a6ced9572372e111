package infisical

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

func TestConfirm(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/app", "KEY", "x")
	f.SetSecret(testProject, "dev", "/shared", "IMPORTED", "x")
	f.AddImport(testProject, "dev", "/app", "dev", "/shared")
	c := f.connect(in("/app", false))
	confirm := func(key string) error {
		return c.Confirm(t.Context(), provider.Need{Kind: provider.KindValue, Key: key}, nil)
	}
	require.NoError(t, confirm("GONE"))
	for _, name := range []string{"A?x=1", "A#b", "A%zz", "A B", "{x}", "ü", "A:b", "a.b", "..."} {
		require.NoError(t, confirm(name), name)
	}
	require.Error(t, confirm("KEY"))
	require.Error(t, confirm("IMPORTED"))
	requireReason(t, provider.ScopeNotFound, confirm("/gone/KEY"))
	requireReason(t, provider.Invalid, confirm("/"))
	requireReason(t, provider.Invalid, c.Confirm(t.Context(), provider.FindNeed("", "x", nil), nil))

	for _, answered := range []struct {
		status int
		body   string
		reason provider.Reason
	}{
		{404, `{"statusCode":404,"error":"NotFound","message":"Secret with name 'OTHER' not found"}`, provider.ScopeNotFound},
		{404, `{"statusCode":404,"error":"NotFound","message":"Folder with path '/app' in environment with slug 'dev' not found"}`, provider.ScopeNotFound},
		{404, `{"statusCode":404,"error":"NotFound","message":"the Secret with name 'GONE' not found"}`, provider.ScopeNotFound},
		{404, `{"statusCode":403,"error":"NotFound","message":"Secret with name 'GONE' not found"}`, provider.Unavailable},
		{403, `{"statusCode":403,"error":"PermissionDenied","message":"Secret with name 'GONE' not found"}`, provider.Forbidden},
		{400, `{"statusCode":400,"error":"BadRequest","message":"Secret with name 'GONE' not found"}`, provider.Invalid},
	} {
		f.Faults.Add(harness.JSON(answered.status, answered.body).On(infisical.RouteGet).For(1))
		requireReason(t, answered.reason, confirm("GONE"))
	}
}
