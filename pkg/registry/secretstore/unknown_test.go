package secretstore

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestUnknownProvidersAreExplained(t *testing.T) {
	e := explainer{providers: "infisical, onepassword"}
	for message, want := range map[string]string{
		`unknown field "spec.provider.aws"`:                `unknown field "spec.provider.aws" (the providers of this server: infisical, onepassword)`,
		`.spec.provider.aws: field not declared in schema`: `.spec.provider.aws: field not declared in schema (the providers of this server: infisical, onepassword)`,
		`unknown field "spec.surprise"`:                    `unknown field "spec.surprise"`,
		`unknown field "spec.provider.onepassword.host"`:   `unknown field "spec.provider.onepassword.host"`,
	} {
		require.Equal(t, want, e.message(message))

		bad := apierrors.NewBadRequest(message)
		require.EqualError(t, e.status(bad), want)
		require.True(t, apierrors.IsBadRequest(e.status(bad)))

		strict := e.strict(runtime.NewStrictDecodingError([]error{errors.New("first"), errors.New(message)}))
		require.EqualError(t, strict, "strict decoding error: first, "+want)
		require.True(t, runtime.IsStrictDecodingError(strict))
	}
	other := errors.New(`unknown field "spec.provider.aws"`)
	require.Equal(t, other, e.status(other))
	require.Equal(t, other, e.strict(other))
	require.NoError(t, e.status(nil))
	require.NoError(t, e.strict(nil))
}
