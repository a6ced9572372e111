package egress

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/idna"
)

// FuzzHosts: what passes for a name is an address to nobody, neither to Go nor to a resolver in C.
func FuzzHosts(f *testing.F) {
	for _, seed := range []string{
		"connect.example.com", "connect:8080", "127.0.0.1", "[::1]:80", "2130706433", "0x7f.1", "0177.0.0.1", "127.1.", "１２７.０.０.１", "bücher.example",
		"[fe80::1%25eth0]", "a..b", "-", "169。254。169。254", "0X7F.0.0.1", "127.0.0.0x1",
	} {
		f.Add(seed)
	}
	p, err := New([]string{"*"}, "")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		site := &url.URL{Scheme: "http", Host: text}
		if p.Check(site) != nil {
			return
		}
		dialled := site.Hostname()
		if ascii, err := idna.Lookup.ToASCII(dialled); err == nil {
			dialled = ascii
		}
		dialled = strings.TrimSuffix(dialled, ".")
		_, err := netip.ParseAddr(dialled)
		require.Error(t, err)
		require.False(t, aton(dialled), dialled)
	})
}

// aton tells whether inet_aton of C reads a text: one to four numbers, each in decimal, octal or hex.
func aton(text string) bool {
	parts := strings.Split(text, ".")
	for _, part := range parts {
		part = strings.ToLower(part)
		digits, base := part, 10
		switch {
		case strings.HasPrefix(part, "0x"):
			digits, base = part[2:], 16
		case strings.HasPrefix(part, "0") && len(part) > 1:
			digits, base = part[1:], 8
		}
		if _, err := strconv.ParseUint(digits, base, 32); err != nil && (base != 16 || digits != "") {
			return false
		}
	}
	return len(parts) <= 4
}
