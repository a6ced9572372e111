package onepassword_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/onepassword"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

// The secrets of RFC 6238, appendix B, in base32: the digits 1 to 0 repeated to the length of each hash.
const (
	secret20 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	secret32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"
	secret64 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA"
)

// seenAt is a store whose clock stands.
func seenAt(t *testing.T, sim *connect.Server, at int64, vaults ...string) *store {
	t.Helper()
	p := onepassword.NewAt(func() time.Time { return time.Unix(at, 0) })
	client, err := p.Connect(spec(sim.URL(), vaults...), material(connect.DefaultToken), nil)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	s := newStore(client)
	s.poll(t, false)
	return s
}

// The vectors are those of RFC 6238, appendix B, and what follows from them.
func TestOneTimeCode(t *testing.T) {
	for name, c := range map[string]struct {
		value string
		at    int64
		want  string
	}{
		"SHA-1":              {"otpauth://totp/x?digits=8&secret=" + secret20, 59, "94287082"},
		"SHA-1, a zero":      {"otpauth://totp/x?digits=8&secret=" + secret20, 1111111109, "07081804"},
		"SHA-1, far":         {"otpauth://totp/x?digits=8&secret=" + secret20, 20000000000, "65353130"},
		"SHA-256":            {"otpauth://totp/x?digits=8&algorithm=SHA256&secret=" + secret32, 1234567890, "91819424"},
		"SHA-512":            {"otpauth://totp/x?digits=8&algorithm=sha512&secret=" + secret64, 2000000000, "38618901"},
		"six digits":         {"otpauth://totp/x?secret=" + secret20, 59, "287082"},
		"ten digits":         {"otpauth://totp/x?digits=10&secret=" + secret20, 59, "1094287082"},
		"period":             {"otpauth://totp/x?period=60&digits=8&secret=" + secret20, 119, "94287082"},
		"end of a period":    {"otpauth://totp/x?digits=8&secret=" + secret20, 30, "94287082"},
		"label with a space": {"otpauth://totp/My Company:wendy?secret=" + secret20 + "&issuer=My Company", 59, "287082"},
		"lower case, spaces": {"otpauth://totp/x?secret=" + strings.ToLower(secret20[:16]+"%20"+secret20[16:]), 59, "287082"},
		"padding":            {"otpauth://totp/x?algorithm=SHA256&digits=8&secret=" + secret32 + "====", 1234567890, "91819424"},
		"the secret alone":   {secret20, 59, "287082"},
	} {
		t.Run(name, func(t *testing.T) {
			sim := start(t, connect.Behaviour{})
			sim.AddVault("v").AddItem(connect.Item{Title: "app", Fields: []connect.Field{{Type: "OTP", Label: "code", Value: c.value}}})
			got, err := seenAt(t, sim, c.at, "v").answer(t, key("app", "code?attribute=otp"))
			require.NoError(t, err)
			require.Equal(t, c.want, string(got.Value.Bytes()))
			require.Equal(t, c.value, string(got.Origin.Bytes()), "what stands for it where inputs are compared")
		})
	}
}

// Time alone changes a code: neither a request nor a new part is needed for the next one.
func TestOneTimeCodeCostsNothing(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	sim.AddVault("v").AddItem(connect.Item{Title: "app", Fields: []connect.Field{{Type: "OTP", Label: "code", Value: uri}}})
	now := time.Unix(59, 0)
	client, err := onepassword.NewAt(func() time.Time { return now }).Connect(spec(sim.URL(), "v"), material(connect.DefaultToken), nil)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	s := newStore(client)
	s.poll(t, false)
	first, err := s.answer(t, key("app", "code?attribute=otp"))
	require.NoError(t, err)
	sim.Requests.Reset()
	now = now.Add(time.Second)
	second, err := s.answer(t, key("app", "code?attribute=otp"))
	require.NoError(t, err)
	require.False(t, first.Value.Equal(second.Value))
	require.True(t, first.Origin.Equal(second.Origin))
	requests(t, sim, map[string]int{})

	plain, err := s.answer(t, key("app", "code"))
	require.NoError(t, err)
	require.Equal(t, uri, string(plain.Value.Bytes()), "without the attribute the field is its URI")
	require.Zero(t, plain.Origin.Len())
}

func TestOneTimeCodeOf(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	sim.AddVault("v").AddItem(connect.Item{Title: "app", Sections: []connect.Section{{ID: "s1", Label: "login"}, {ID: "s2", Label: "admin"}},
		Fields: []connect.Field{
			connect.Field{Type: "OTP", Label: "code", Value: "otpauth://totp/x?secret=" + secret20}.In("s1"),
			connect.Field{Type: "OTP", Label: "code", Value: "otpauth://totp/x?digits=8&secret=" + secret20}.In("s2"),
			{Type: "TOTP", Label: "by the specification", Value: "otpauth://totp/x?secret=" + secret20},
			connect.Text("literal?attribute=otp", "a field"), {Type: "OTP", Label: "literal", Value: uri},
			connect.Text("text", "otpauth://totp/x?secret="+secret20),
			{Type: "OTP", Label: "counter", Value: "otpauth://hotp/hunter2?counter=1&secret=" + secret20},
			{Type: "OTP", Label: "no secret", Value: "otpauth://totp/hunter2"},
			{Type: "OTP", Label: "no base32", Value: "otpauth://totp/x?secret=hunter2-0189"},
			{Type: "OTP", Label: "digits", Value: "otpauth://totp/hunter2?digits=99&secret=" + secret20},
			{Type: "OTP", Label: "period", Value: "otpauth://totp/hunter2?period=0&secret=" + secret20},
			{Type: "OTP", Label: "no period", Value: "otpauth://totp/hunter2?period=hunter2&secret=" + secret20},
			{Type: "OTP", Label: "algorithm", Value: "otpauth://totp/x?algorithm=hunter2&secret=" + secret20},
			{Type: "OTP", Label: "no URI", Value: "otpauth://totp/%zzhunter2?secret=" + secret20},
			{Type: "OTP", Label: "long", Value: "otpauth://totp/hunter2?secret=" + strings.Repeat("A", 5000)},
			{Type: "OTP", Label: "empty"},
		}})
	for name, c := range map[string]struct {
		need        provider.Need
		want, fails string
	}{
		"of a section":                 {need: key("app", "admin/code?attribute=otp"), want: "94287082"},
		"of a section, prefixed":       {need: key("app", "field/s1/code?attribute=otp"), want: "287082"},
		"type of the specification":    {need: key("app", "by the specification?attribute=otp"), want: "287082"},
		"label that ends so":           {need: key("app", "literal?attribute=otp"), want: "a field"},
		"in several places":            {need: key("app", "code?attribute=otp"), fails: `2 fields "code"`},
		"not there":                    {need: key("app", "nope?attribute=otp"), fails: `no field "nope"`},
		"the default":                  {need: key("app", "?attribute=otp"), fails: `no field "password"`},
		"another attribute":            {need: key("app", "code?attribute=type"), fails: `no field "code?attribute=type"`},
		"file":                         {need: key("app", "file/code?attribute=otp"), fails: "no file"},
		"text":                         {need: key("app", "text?attribute=otp"), fails: `item "app", property "text?attribute=otp": the field is no one-time password`},
		"in an extract":                {need: extract("app", "login/code?attribute=otp"), fails: "spec.data"},
		"counter instead of time":      {need: key("app", "counter?attribute=otp"), fails: "no usable otpauth URI"},
		"without a secret":             {need: key("app", "no secret?attribute=otp"), fails: "no usable otpauth URI"},
		"secret that is none":          {need: key("app", "no base32?attribute=otp"), fails: "no usable otpauth URI"},
		"too many digits":              {need: key("app", "digits?attribute=otp"), fails: "no usable otpauth URI"},
		"period of nothing":            {need: key("app", "period?attribute=otp"), fails: "no usable otpauth URI"},
		"period that is none":          {need: key("app", "no period?attribute=otp"), fails: "no usable otpauth URI"},
		"hash that is none":            {need: key("app", "algorithm?attribute=otp"), fails: "no usable otpauth URI"},
		"URI that is none":             {need: key("app", "no URI?attribute=otp"), fails: "no usable otpauth URI"},
		"too long":                     {need: key("app", "long?attribute=otp"), fails: "no usable otpauth URI"},
		"empty":                        {need: key("app", "empty?attribute=otp"), fails: "no usable otpauth URI"},
		"extract of a label that ends": {need: extract("app", "literal?attribute=otp"), want: "a field"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := seenAt(t, sim, 59, "v").answer(t, c.need)
			if c.fails != "" {
				failed := requireReason(t, provider.Invalid, err)
				require.Contains(t, failed.Message, c.fails)
				require.NotContains(t, failed.Message, "hunter2")
				require.NotContains(t, failed.Message, "otpauth://")
				return
			}
			require.NoError(t, err)
			for _, only := range got.Map {
				got.Value = only
			}
			require.Equal(t, c.want, string(got.Value.Bytes()))
		})
	}
}
