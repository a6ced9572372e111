package decoding

import (
	"encoding/base64"
	"strings"
	"testing"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// FuzzDecode decodes any text by every strategy: what was encoded comes back, Auto is the first strategy that fits, and no
// error shows a value.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "Zm9v", "_-8=", "/+8=", "plain", "Zm\n9v", "\x00", "1234", "Zm8", "Zm9v====", "Z m 9 v", "\xff\xfe"} {
		f.Add(s)
	}
	decode := func(strategy v1.DecodingStrategy, in string) (string, error) {
		out, err := Decode(&strategy, value.FromString(in))
		return string(out.Bytes()), err
	}
	f.Fuzz(func(t *testing.T, in string) {
		for strategy, encoding := range map[v1.DecodingStrategy]*base64.Encoding{
			v1.DecodeBase64: base64.StdEncoding, v1.DecodeBase64URL: base64.URLEncoding,
		} {
			encoded := encoding.EncodeToString([]byte(in))
			for _, how := range []v1.DecodingStrategy{strategy, v1.DecodeAuto} {
				if got, err := decode(how, encoded); err != nil || got != in {
					t.Fatalf("%s makes %q of %q (%v)", how, got, encoded, err)
				}
			}
			if _, err := decode(strategy, "canary-7f3a!"+in); err == nil || strings.Contains(err.Error(), "canary-7f3a") {
				t.Fatalf("%s: %v", strategy, err)
			}
		}
		if got, err := decode(v1.DecodeNone, in); err != nil || got != in {
			t.Fatalf("None makes %q of %q (%v)", got, in, err)
		}
		want, err := decode(v1.DecodeBase64, in)
		if err != nil {
			want, err = decode(v1.DecodeBase64URL, in)
		}
		if err != nil {
			want = in
		}
		if got, err := decode(v1.DecodeAuto, in); err != nil || got != want || len(got) > len(in) {
			t.Fatalf("Auto makes %q of %q, not %q (%v)", got, in, want, err)
		}
	})
}
