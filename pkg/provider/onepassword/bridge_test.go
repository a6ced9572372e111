package onepassword

import (
	"net/http"
	"testing"

	"github.com/opentracing/opentracing-go"
	"github.com/stretchr/testify/require"
)

// Nothing but a call that was begun gets through the scheme, and no tracer dials out.
func TestBridgeCarriesCallsOnly(t *testing.T) {
	b, err := sharedBridge()
	require.NoError(t, err)
	again, err := sharedBridge()
	require.NoError(t, err)
	require.Same(t, b, again)
	require.IsType(t, opentracing.NoopTracer{}, opentracing.GlobalTracer())

	address, end := b.begin(&call{})
	post, err := http.NewRequest(http.MethodPost, address+"/v1/vaults", http.NoBody)
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(post)
	require.ErrorContains(t, err, "nobody asked for")

	end()
	_, err = http.Get(address + "/v1/vaults")
	require.ErrorContains(t, err, "nobody asked for")
}
