package egress

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// host is a name, in ASCII, lower case and without a dot at its end, or an address.
type host struct {
	name string
	addr netip.Addr
}

// read is the host and port that a site's requests go to.
func read(site *url.URL) (host, uint16, error) {
	h, err := readHost(site.Hostname())
	if err != nil {
		return host{}, 0, err
	}
	if site.Port() == "" {
		if site.Scheme == "http" {
			return h, 80, nil
		}
		return h, 443, nil
	}
	port, err := readPort(site.Port())
	return h, port, err
}

func readPort(text string) (uint16, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("the port %q must be a number from 1 to 65535", text)
	}
	return uint16(port), nil
}

// readHost reads a host as net/http will: a name that is not ASCII goes through IDNA first, and may be an address after it.
func readHost(text string) (host, error) {
	ascii := text
	if strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 }) {
		var err error
		if ascii, err = idna.Lookup.ToASCII(text); err != nil {
			return host{}, fmt.Errorf("the host %q is not a name of the internet", text)
		}
	}
	if addr, err := netip.ParseAddr(ascii); err == nil {
		if addr.Zone() != "" {
			return host{}, errors.New("an address must not name a network interface (a zone)")
		}
		return host{addr: addr.Unmap()}, nil
	}
	name := strings.ToLower(strings.TrimSuffix(ascii, "."))
	if err := checkName(name); err != nil {
		return host{}, err
	}
	return host{name: name}, nil
}

// checkName refuses what is no name, and what some take for an address and others for a name: 2130706433, 0177.0.0.1,
// 127.1 and 0x7f.1 are all this machine to a resolver in C, and so perhaps to a proxy.
func checkName(name string) error {
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if label == "" || strings.ContainsFunc(label, notOfName) {
			return fmt.Errorf("the host %q is neither a name nor an address", name)
		}
	}
	last := labels[len(labels)-1]
	if strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return fmt.Errorf("the host %q must be a name, or an address as 192.0.2.1 or [2001:db8::1]", name)
	}
	return nil
}

func notOfName(r rune) bool {
	letter, digit := r >= 'a' && r <= 'z', r >= '0' && r <= '9'
	return !letter && !digit && r != '-' && r != '_'
}
