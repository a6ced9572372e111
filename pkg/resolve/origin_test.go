package resolve

import (
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// What a value that time alone changes was computed from is kept under the key that the value has in the end.
func TestResolveOrigins(t *testing.T) {
	code := valueResult("123456")
	code.Answer.Origin = value.FromString("otpauth://")
	in := inputs(map[provider.Need]provider.Result{valueNeed("code"): code, valueNeed("plain"): valueResult("x")})
	for name, c := range map[string]struct {
		data []v1.ExternalSecretData
		want map[string]string
	}{
		"none":       {[]v1.ExternalSecretData{bind("a", "plain")}, map[string]string{}},
		"one":        {[]v1.ExternalSecretData{bind("a", "plain"), bind("b", "code")}, map[string]string{"b": "otpauth://"}},
		"overlaid":   {[]v1.ExternalSecretData{bind("a", "code"), bind("a", "plain")}, map[string]string{}},
		"overlaying": {[]v1.ExternalSecretData{bind("a", "plain"), bind("a", "code")}, map[string]string{"a": "otpauth://"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Resolve(externalSecret(c.data), in)
			require.NoError(t, err)
			require.Equal(t, c.want, texts(got.Origins))
			require.Equal(t, len(c.want) > 0, got.IsTimed())
		})
	}
}
