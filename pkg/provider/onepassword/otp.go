package onepassword

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash"
	"net/url"
	"strconv"
	"strings"
	"time"

	sdkmodel "github.com/1Password/connect-sdk-go/onepassword"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// otpAttribute is what 1Password's own secret references end in where they mean the current code of a one-time password
// instead of what it is computed from: op://VAULT/ITEM/FIELD?attribute=otp.
const otpAttribute = "?attribute=otp"

// Bounds of what a code is computed from. Codes have six to eight digits, and a period of half a minute; beyond ten digits
// there are none (RFC 4226, section 5.3).
const (
	maxOTPText   = 4096
	minOTPDigits = 6
	maxOTPDigits = 10
	maxOTPPeriod = 3600
)

// isOneTime tells fields that hold a one-time password. The specification calls the type TOTP, servers OTP.
func isOneTime(t sdkmodel.ItemFieldType) bool { return t == sdkmodel.FieldTypeOTP || t == "TOTP" }

// oneTime takes the attribute off a property that asks for a code. ok is false where it asks for none: a field whose label
// ends like the attribute is a field.
func (p property) oneTime(fields []entry) (base property, ok bool) {
	name, ok := strings.CutSuffix(p.name, otpAttribute)
	if !ok || len(p.matches(fields)) > 0 {
		return p, false
	}
	if name == "" {
		name = defaultLabel
	}
	return property{name: name}, true
}

// code is the one-time code of the field that p names, and what it is computed from.
func (p property) code(n provider.Need, fields []entry, at time.Time) (code, origin value.Value, err error) {
	found, err := p.among(n.Key, fields)
	if err != nil {
		return value.Value{}, value.Value{}, err
	}
	if !found.oneTime {
		return value.Value{}, value.Value{}, provider.Errorf(provider.Invalid, "item %q, property %q: the field is no one-time password", n.Key, n.Property)
	}
	t, ok := parseTOTP(string(found.value.Bytes()))
	if !ok {
		return value.Value{}, value.Value{}, provider.Errorf(provider.Invalid,
			"item %q, property %q: what the field holds is no usable otpauth URI of a time-based one-time password", n.Key, n.Property)
	}
	return value.FromString(t.at(at)), found.value, nil
}

// totp computes codes as RFC 6238 has it.
type totp struct {
	key    []byte
	hash   func() hash.Hash
	digits int
	// period is in seconds.
	period int64
}

// parseTOTP reads an otpauth URI (https://github.com/google/google-authenticator/wiki/Key-Uri-Format), or the secret alone.
func parseTOTP(text string) (totp, bool) {
	t := totp{hash: sha1.New, digits: 6, period: 30}
	if len(text) > maxOTPText {
		return t, false
	}
	secret := text
	if strings.Contains(text, ":") {
		uri, err := url.Parse(text)
		if err != nil || !strings.EqualFold(uri.Scheme, "otpauth") || !strings.EqualFold(uri.Host, "totp") {
			return t, false
		}
		query := uri.Query()
		if secret = query.Get("secret"); !t.configure(query) {
			return t, false
		}
	}
	var err error
	secret = strings.TrimRight(strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(secret)), "=")
	t.key, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	return t, err == nil && len(t.key) > 0
}

// configure reads what a URI may say beside the secret. It returns false for what is out of bounds.
func (t *totp) configure(query url.Values) bool {
	hashes := map[string]func() hash.Hash{"": sha1.New, "SHA1": sha1.New, "SHA256": sha256.New, "SHA512": sha512.New}
	if t.hash = hashes[strings.ToUpper(query.Get("algorithm"))]; t.hash == nil {
		return false
	}
	digits, period := int64(t.digits), t.period
	for _, number := range []struct {
		name     string
		into     *int64
		min, max int64
	}{
		{"digits", &digits, minOTPDigits, maxOTPDigits},
		{"period", &period, 1, maxOTPPeriod},
	} {
		text := query.Get(number.name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < number.min || n > number.max {
			return false
		}
		*number.into = n
	}
	t.digits, t.period = int(digits), period
	return true
}

// at is the code of a time.
func (t totp) at(now time.Time) string {
	mac := hmac.New(t.hash, t.key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(now.Unix()/t.period)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	code := uint64(binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff)
	modulus := uint64(1)
	for range t.digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", t.digits, code%modulus)
}
