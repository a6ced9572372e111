package decoding

import (
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

func TestDecode(t *testing.T) {
	for name, tc := range map[string]struct {
		strategy v1.DecodingStrategy
		in, want string
		err      error
	}{
		"absent":                    {"", "Zm9v", "Zm9v", nil},
		"None":                      {v1.DecodeNone, "Zm9v", "Zm9v", nil},
		"Base64":                    {v1.DecodeBase64, "Zm9v", "foo", nil},
		"Base64 over lines":         {v1.DecodeBase64, "Zm\n9v\n", "foo", nil},
		"Base64 of nothing":         {v1.DecodeBase64, "", "", nil},
		"Base64 without padding":    {v1.DecodeBase64, "Zm8", "", ErrNotBase64},
		"Base64 of the URL kind":    {v1.DecodeBase64, "_-8=", "", ErrNotBase64},
		"Base64URL":                 {v1.DecodeBase64URL, "_-8=", "\xff\xef", nil},
		"Base64URL of the other":    {v1.DecodeBase64URL, "/+8=", "", ErrNotBase64URL},
		"Auto base64":               {v1.DecodeAuto, "/+8=", "\xff\xef", nil},
		"Auto base64url":            {v1.DecodeAuto, "_-8=", "\xff\xef", nil},
		"Auto plain":                {v1.DecodeAuto, "plain text", "plain text", nil},
		"Auto takes 1234 for coded": {v1.DecodeAuto, "1234", "\xd7\x6d\xf8", nil},
		"unknown":                   {"Rot13", "x", "", ErrStrategy},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Decode(&tc.strategy, value.FromString(tc.in))
			require.ErrorIs(t, err, tc.err)
			require.Equal(t, tc.want, string(got.Bytes()))
		})
	}
	got, err := Decode(nil, value.FromString("x"))
	require.NoError(t, err)
	require.Equal(t, "x", string(got.Bytes()))
}
