// Package decoding undoes the encodings that an ExternalSecret names for its values.
package decoding

import (
	"encoding/base64"
	"errors"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// The errors say what was expected and nothing of what was found: Go's own name the offending byte's position, which is
// more about a secret than its readers need.
var (
	ErrNotBase64    = errors.New("the value is not base64")
	ErrNotBase64URL = errors.New("the value is not URL-safe base64")
	ErrStrategy     = errors.New("the decoding strategy must be one of Auto, Base64, Base64URL, None")
)

// Decode undoes what strategy says; no strategy takes the value as it is. Auto tries base64, then URL-safe base64, both
// with padding, and takes what is neither as it is: a plain "1234" is base64 to it.
func Decode(strategy *v1.DecodingStrategy, v value.Value) (value.Value, error) {
	if strategy == nil || *strategy == "" {
		return v, nil
	}
	switch *strategy {
	case v1.DecodeNone:
		return v, nil
	case v1.DecodeBase64:
		return decode(base64.StdEncoding, v, ErrNotBase64)
	case v1.DecodeBase64URL:
		return decode(base64.URLEncoding, v, ErrNotBase64URL)
	case v1.DecodeAuto:
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			if out, err := decode(encoding, v, ErrNotBase64); err == nil {
				return out, nil
			}
		}
		return v, nil
	default:
		return value.Value{}, ErrStrategy
	}
}

func decode(encoding *base64.Encoding, v value.Value, failure error) (value.Value, error) {
	in := v.Bytes()
	out := make([]byte, encoding.DecodedLen(len(in)))
	n, err := encoding.Decode(out, in)
	if err != nil {
		return value.Value{}, failure
	}
	return value.New(out[:n]), nil
}
