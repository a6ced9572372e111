package apiserver

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/pulse"
)

func TestLiveness(t *testing.T) {
	work := &background{parts: &components{pulse: pulse.New()}}
	check := work.liveness()
	require.NoError(t, check.Check(httptest.NewRequest("GET", "/livez", nil)))
	work.parts.pulse.Lose("the writing of Secrets")
	require.EqualError(t, check.Check(httptest.NewRequest("GET", "/livez", nil)), "the writing of Secrets has ended")
}
