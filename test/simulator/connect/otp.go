package connect

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// totp returns the code of an otpauth URL at a time: six digits for each 30 s,
// as RFC 6238 has it. It is empty when the URL has no usable secret.
func totp(otpauth string, at time.Time) string {
	parsed, err := url.Parse(otpauth)
	if err != nil {
		return ""
	}
	secret := strings.TrimRight(strings.ToUpper(parsed.Query().Get("secret")), "=")
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil || len(key) == 0 {
		return ""
	}
	mac := hmac.New(sha1.New, key)
	binary.Write(mac, binary.BigEndian, at.Unix()/30) //nolint:errcheck // A hash takes every write.
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	code := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%06d", code%1_000_000)
}
