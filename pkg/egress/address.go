package egress

import "net/netip"

// class is where an address is: the higher, the less business a store has with it.
type class int

const (
	// nowhere is below all: what may lead there may lead to no address but those that are allowed by themselves.
	nowhere class = iota
	// public addresses are those of the internet.
	public
	// private addresses are those inside networks, those of a cluster's Services and pods among them.
	private
	// local addresses are this machine's own, and what is no single machine's.
	local
	// metadata addresses are link-local ones, and others by which clouds hand credentials to machines.
	metadata
)

// ranges are told apart by the first that holds an address. What is in none is public.
var ranges = []struct {
	class  class
	prefix netip.Prefix
}{
	{metadata, netip.MustParsePrefix("169.254.0.0/16")},
	{metadata, netip.MustParsePrefix("fe80::/10")},
	{metadata, netip.MustParsePrefix("fd00:ec2::/32")},      // AWS by IPv6
	{metadata, netip.MustParsePrefix("fd20:ce::254/128")},   // Google Cloud by IPv6
	{metadata, netip.MustParsePrefix("100.100.100.200/32")}, // Alibaba Cloud
	{metadata, netip.MustParsePrefix("168.63.129.16/32")},   // Azure
	{metadata, netip.MustParsePrefix("192.0.0.192/32")},     // Oracle Cloud
	{local, netip.MustParsePrefix("0.0.0.0/8")},
	{local, netip.MustParsePrefix("127.0.0.0/8")},
	{local, netip.MustParsePrefix("224.0.0.0/3")}, // multicast and reserved, broadcast among them
	{local, netip.MustParsePrefix("::/127")},      // unspecified and loopback
	{local, netip.MustParsePrefix("ff00::/8")},
	{private, netip.MustParsePrefix("10.0.0.0/8")},
	{private, netip.MustParsePrefix("172.16.0.0/12")},
	{private, netip.MustParsePrefix("192.168.0.0/16")},
	{private, netip.MustParsePrefix("100.64.0.0/10")}, // behind a carrier's address translation; pods of some clouds
	{private, netip.MustParsePrefix("192.0.0.0/24")},
	{private, netip.MustParsePrefix("198.18.0.0/15")},
	{private, netip.MustParsePrefix("fc00::/7")},
	{private, netip.MustParsePrefix("fec0::/10")},
}

func classOf(addr netip.Addr) class {
	for _, r := range ranges {
		if r.prefix.Contains(addr) {
			return r.class
		}
	}
	return public
}

// translations are ranges of IPv6 that networks may turn into the address of IPv4 that begins at a byte of theirs: those
// of NAT64 (RFC 6052, RFC 8215), of 6to4 (RFC 3056), and addresses that are compatible with IPv4 (RFC 4291).
var translations = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12},
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12},
	{netip.MustParsePrefix("2002::/16"), 2},
	{netip.MustParsePrefix("::/96"), 12},
}

// faces are the addresses that dialling addr may lead to: itself, and what it is translated into.
func faces(addr netip.Addr) []netip.Addr {
	all := []netip.Addr{addr}
	for _, t := range translations {
		if t.prefix.Contains(addr) && classOf(addr) != local {
			bytes := addr.As16()
			all = append(all, netip.AddrFrom4([4]byte(bytes[t.at:t.at+4])))
		}
	}
	return all
}
