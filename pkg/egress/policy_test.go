package egress

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func newPolicy(t *testing.T, hosts ...string) *Policy {
	t.Helper()
	p, err := New(hosts, "https://10.96.0.1:443")
	require.NoError(t, err)
	return p
}

func siteOf(t *testing.T, text string) *url.URL {
	t.Helper()
	site, err := url.Parse(text)
	require.NoError(t, err)
	return site
}

func TestCheckSites(t *testing.T) {
	hosts := []string{
		"connect.example.com", "*.infisical.com", "ported.example.com:8080", "bücher.example", "Upper.Example.", "onepassword-connect.team.svc",
		"192.0.2.1", "192.0.2.2:8080", "10.0.0.0/8", "[2001:db8::1]:8443", "2001:db8:1::/48",
	}
	p := newPolicy(t, hosts...)
	for site, allowed := range map[string]bool{
		"https://connect.example.com":               true,
		"http://connect.example.com:8080/path":      true,
		"https://CONNECT.example.com.":              true,
		"https://connect.example.com..":             false,
		"https://x.connect.example.com":             false,
		"https://connect.example.com.evil.test":     false,
		"https://connect-example.com":               false,
		"https://app.infisical.com/api":             true,
		"https://a.b.infisical.com":                 true,
		"https://infisical.com":                     false,
		"https://evilinfisical.com":                 false,
		"http://ported.example.com:8080":            true,
		"http://ported.example.com":                 false,
		"https://ported.example.com:8443":           false,
		"https://xn--bcher-kva.example":             true,
		"https://bücher.example":                    true,
		"https://BÜCHER.example":                    true,
		"https://upper.example":                     true,
		"http://onepassword-connect.team.svc:8080":  true,
		"http://onepassword-connect.other.svc:8080": false,

		"http://192.0.2.1":              true,
		"http://192.0.2.1:9999":         true,
		"http://192.0.2.2":              false,
		"http://192.0.2.2:8080":         true,
		"http://192.0.2.3":              false,
		"http://10.1.2.3":               true,
		"http://10.96.0.1:8080":         true,
		"https://10.96.0.1":             false, // the API server, in a range
		"https://[::ffff:10.96.0.1]":    false,
		"http://[::ffff:10.1.2.3]":      true,
		"http://[::ffff:127.0.0.1]":     false,
		"https://[2001:db8::1]:8443":    true,
		"https://[2001:db8::1]":         false,
		"https://[2001:db8:1::7]":       true,
		"https://[fe80::1%25eth0]":      false,
		"http://127.0.0.1":              false,
		"http://169.254.169.254":        false,
		"http://localhost":              false,
		"http://2130706433":             false,
		"http://0x7f000001":             false,
		"http://0177.0.0.1":             false,
		"http://127.1":                  false,
		"http://１６９.２５４.１６９.２５４":        false,
		"http://１０.１.２.３":               true, // which IDNA makes 10.1.2.3
		"http://connect.example.com:0":  false,
		"http://connect.example.com:1x": false,
		"http://":                       false,

		"http://connect.example.com@169.254.169.254": false,
		"http://169.254.169.254@connect.example.com": true, // a user, which providers refuse
	} {
		u, err := url.Parse(site)
		if err != nil {
			require.False(t, allowed, site)
			continue
		}
		err = p.Check(u)
		require.Equal(t, allowed, err == nil, "%s: %v", site, err)
	}
	require.ErrorContains(t, p.Check(siteOf(t, "https://vault.example.com:8200")),
		`a SecretStore may not reach "vault.example.com:8200": this server allows connect.example.com, *.infisical.com, ported.example.com:8080`)
	require.NotContains(t, p.Check(siteOf(t, "https://user:hunter2@vault.example.com")).Error(), "hunter2")
}

// TestCheckWithoutHosts: nothing is limited but what no store has business with.
func TestCheckWithoutHosts(t *testing.T) {
	p, err := New(nil, "https://127.0.0.1:6443")
	require.NoError(t, err)
	for site, allowed := range map[string]bool{
		"https://connect.example.com": true, "http://onepassword-connect:8080": true, "http://10.0.0.1": true, "http://127.0.0.1:6443": true,
		"http://169.254.169.254": false, "http://169.254.0.1:8080": false, "http://[fe80::1]": false, "http://[fd00:ec2::254]": false,
		"http://100.100.100.200": false, "http://168.63.129.16": false, "http://[::ffff:169.254.169.254]": false, "http://[64:ff9b::a9fe:a9fe]": false,
		"http://2852039166": false, "http://0xA9FEA9FE": false, "http://169.254.43518": false,
	} {
		require.Equal(t, allowed, p.Check(siteOf(t, site)) == nil, site)
	}
	all := newPolicy(t, "*", "0.0.0.0/0", "::/0")
	for _, site := range []string{"http://169.254.169.254", "http://localhost", "http://[::1]:8080", "https://any.example"} {
		require.NoError(t, all.Check(siteOf(t, site)))
	}
	require.Error(t, all.Check(siteOf(t, "https://10.96.0.1")))
	require.NoError(t, (*Policy)(nil).Check(siteOf(t, "http://169.254.169.254")), "what is the operator's is not limited")
}

// TestPermits is about what an address must be that a name leads to.
func TestPermits(t *testing.T) {
	p := newPolicy(t, "name.example", "*.pattern.example", "203.0.113.0/24", "127.0.0.2", "169.254.20.10:8080")
	for text, most := range map[string]class{
		"198.51.100.1:443": public, "[2001:db8::1]:443": public, "[2600::1]:443": public, "[2002:c633:6401::1]:443": public,
		"203.0.113.1:443": nowhere, "127.0.0.2:1": nowhere, "169.254.20.10:8080": nowhere,
		"10.0.0.1:443": private, "172.16.0.1:443": private, "172.32.0.1:443": public, "192.168.1.1:443": private, "100.64.0.1:443": private,
		"[fd00::1]:443": private, "[64:ff9b::a00:1]:443": private, "[2002:a00:1::1]:443": private,
		"127.0.0.1:443": local, "0.0.0.0:443": local, "0.1.2.3:443": local, "224.0.0.1:443": local, "255.255.255.255:443": local, "240.0.0.1:443": local,
		"[::1]:443": local, "[::]:443": local, "[ff02::1]:443": local, "[64:ff9b::7f00:1]:443": local, "[::7f00:1]:443": local, "[2002:7f00:1::]:443": local,
		"169.254.169.254:80": metadata, "169.254.20.10:80": metadata, "[fe80::1]:443": metadata, "[fd00:ec2::254]:80": metadata,
		"[64:ff9b:1::a9fe:a9fe]:80": metadata,
	} {
		to := netip.MustParseAddrPort(text)
		for _, given := range []class{nowhere, public, private, local, metadata} {
			require.Equal(t, given >= most, p.permits(to, nil, given), "%s for %d", text, given)
		}
	}
	translated := netip.MustParseAddrPort("[64:ff9b::cb00:7101]:443") // of 203.0.113.1
	require.True(t, p.permits(translated, nil, public))
	require.False(t, p.permits(translated, []netip.AddrPort{netip.MustParseAddrPort("203.0.113.1:443")}, public), "the API server by another name")
	site := func(text string) class {
		most, err := p.judge(siteOf(t, text))
		require.NoError(t, err)
		return most
	}
	require.Equal(t, private, site("https://name.example"))
	require.Equal(t, public, site("https://any.pattern.example"))
	require.Equal(t, public, func() class { most, _ := newPolicy(t, "*").judge(siteOf(t, "https://any.example")); return most }())
}

func TestNewRefuses(t *testing.T) {
	for entry, part := range map[string]string{
		"":                      "must be a host such as",
		"https://connect:8080":  "without a scheme",
		"connect/path":          "must be a host such as",
		"a.*.example.com":       "must be a host such as",
		"**":                    "must be a host such as",
		"*.":                    "must be a host such as",
		"*.10.0.0.1":            "must be a host such as",
		"connect:":              "must be a host such as",
		"connect:0":             "must be a host such as",
		"connect:70000":         "must be a host such as",
		"10.0.0.1:0":            "a port from 1 to 65535",
		"10.0.0.1/8":            "must be a range: that of the address is 10.0.0.0/8",
		"10.0.0.0/40":           "must be a host such as",
		"::ffff:10.0.0.0/104":   "as a range of IPv4",
		"fe80::1%eth0":          "zone",
		"0177.0.0.1":            "must be a host such as",
		"user@connect":          "must be a host such as",
		"connect..example.com":  "must be a host such as",
		"connect.example.com b": "must be a host such as",
	} {
		_, err := New([]string{"good.example", entry}, "")
		require.ErrorContains(t, err, "--allowed-provider-hosts: ", entry)
		require.ErrorContains(t, err, part, entry)
	}
	_, err := New([]string{}, "")
	require.ErrorContains(t, err, "must name a host")
	_, err = New([]string{"a"}, "https://0x7f.1")
	require.ErrorContains(t, err, "the host's API server")
}

func TestMessagesListSoMany(t *testing.T) {
	p := newPolicy(t, strings.Split(strings.Repeat("a.example ", 24)+"a.example", " ")...)
	require.ErrorContains(t, p.Check(siteOf(t, "https://b")), "a.example and 5 more (--allowed-provider-hosts)")
}
