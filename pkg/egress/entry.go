package egress

import (
	"errors"
	"net/netip"
	"strings"
)

const form = "must be a host such as connect.example.com, *.example.com, connect.example.com:8080, 192.0.2.1 or 10.0.0.0/8"

// namePattern is an entry for names. port is zero for all.
type namePattern struct {
	// name is that of the host, or, where below is set, what comes before it ends in: empty for all.
	name  string
	below bool
	port  uint16
	// most is how far such a name may lead.
	most class
}

func (p namePattern) matches(name string, port uint16) bool {
	if p.port != 0 && p.port != port {
		return false
	}
	if !p.below {
		return name == p.name
	}
	return p.name == "" || strings.HasSuffix(name, "."+p.name)
}

// addressRange is an entry for addresses. port is zero for all.
type addressRange struct {
	prefix netip.Prefix
	port   uint16
}

func (r addressRange) holds(to netip.AddrPort) bool {
	return r.prefix.Contains(to.Addr()) && (r.port == 0 || r.port == to.Port())
}

func (r addressRange) single() bool { return r.prefix.IsSingleIP() }

// allow reads an entry. Its errors follow the entry's text.
func (p *Policy) allow(entry string) error {
	switch {
	case strings.Contains(entry, "://"):
		return errors.New(form + ", without a scheme")
	case strings.Contains(entry, "/"):
		return p.allowRange(entry)
	}
	if addr, err := netip.ParseAddr(entry); err == nil {
		return p.allowAddress(addr, 0)
	}
	if to, err := netip.ParseAddrPort(entry); err == nil {
		if to.Port() == 0 {
			return errors.New("must have a port from 1 to 65535, or none")
		}
		return p.allowAddress(to.Addr(), to.Port())
	}
	return p.allowName(entry)
}

func (p *Policy) allowRange(entry string) error {
	prefix, err := netip.ParsePrefix(entry)
	switch {
	case err != nil:
		return errors.New(form)
	case prefix.Addr().Is4In6():
		return errors.New("must be written as a range of IPv4")
	case prefix != prefix.Masked():
		return errors.New("must be a range: that of the address is " + prefix.Masked().String())
	}
	p.addresses = append(p.addresses, addressRange{prefix: prefix})
	return nil
}

func (p *Policy) allowAddress(addr netip.Addr, port uint16) error {
	if addr.Zone() != "" {
		return errors.New("must not name a network interface (a zone)")
	}
	addr = addr.Unmap()
	p.addresses = append(p.addresses, addressRange{prefix: netip.PrefixFrom(addr, addr.BitLen()), port: port})
	return nil
}

func (p *Policy) allowName(entry string) error {
	pattern := namePattern{most: private}
	text, port, hasPort := strings.Cut(entry, ":")
	if hasPort {
		number, err := readPort(port)
		if err != nil {
			return errors.New(form)
		}
		pattern.port = number
	}
	if text == "*" {
		pattern.below, pattern.most = true, public
		p.names = append(p.names, pattern)
		return nil
	}
	if suffix, ok := strings.CutPrefix(text, "*."); ok {
		text, pattern.below, pattern.most = suffix, true, public
	}
	read, err := readHost(text)
	if err != nil || read.addr.IsValid() {
		return errors.New(form)
	}
	pattern.name = read.name
	p.names = append(p.names, pattern)
	return nil
}
