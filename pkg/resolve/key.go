package resolve

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// checkKey refuses what the host would: keys of Secrets are 1 to 253 letters, digits, '-', '_' and '.', all of them ASCII.
// Its errors do not name the key, which may come from a value.
func checkKey(key string) error {
	switch {
	case len(validation.IsConfigMapKey(key)) == 0:
		return nil
	case key == "":
		return problem("it is empty")
	case len(key) > validation.DNS1123SubdomainMaxLength:
		return problemf("it is longer than %d characters", validation.DNS1123SubdomainMaxLength)
	case strings.Trim(key, ".") == "" || strings.HasPrefix(key, ".."):
		return problem(`it may not be "." nor begin with ".."`)
	default:
		return problem("only ASCII letters, digits, '-', '_' and '.' are allowed")
	}
}

// convertKeys makes remote names into keys. Two that come to the same key are an error: either would be lost.
func convertKeys(strategy *v1.ConversionStrategy, in map[string]value.Value) (map[string]value.Value, error) {
	unicode := false
	switch deref(strategy) {
	case "", v1.ConversionDefault:
	case v1.ConversionUnicode:
		unicode = true
	default:
		return nil, problemf("conversionStrategy must be %s or %s", v1.ConversionDefault, v1.ConversionUnicode)
	}
	out := make(map[string]value.Value, len(in))
	for name, v := range in {
		key := convert(name, unicode)
		if _, taken := out[key]; taken {
			return nil, problem("two remote names come to the same key by conversionStrategy: tell them apart with rewrite or data")
		}
		out[key] = v
	}
	return out, nil
}

// convert replaces each character that a key cannot have: by an underscore, or by its code point.
func convert(name string, unicode bool) string {
	var b strings.Builder
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.ContainsRune("-_.", c):
			b.WriteRune(c)
		case unicode:
			fmt.Fprintf(&b, "_U%04x_", c)
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}
