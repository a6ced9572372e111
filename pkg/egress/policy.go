package egress

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Flag is what sets the hosts of a Policy, for messages.
const Flag = "--allowed-provider-hosts"

// ErrAddress is in the chain of the error of a connection to an address that is not allowed. The address is not told: it
// would show the inside of a network to those who are kept out of it.
var ErrAddress = errors.New("the host leads to an address that a SecretStore may not reach (" + Flag + ")")

// Policy says what SecretStores may reach. A nil Policy, that of ClusterSecretStores, lets everything be reached. It is
// immutable but for what its test sets, and safe for concurrent use.
type Policy struct {
	// limited is set where hosts were given. Without, only the addresses that no store has business with are refused.
	limited   bool
	names     []namePattern
	addresses []addressRange
	// own is the host's API server, nil where that is not told.
	own *endpoint
	// told is what is allowed, for messages.
	told string

	resolver *net.Resolver
	proxy    func(*http.Request) (*url.URL, error)
}

// New makes the Policy that allows hosts, each one of
//
//	NAME, NAME:PORT        this name. It may lead to public and to private addresses
//	*.NAME, *.NAME:PORT    names below this one, *: all. They may lead to public addresses alone: nobody has looked at each
//	ADDRESS, ADDRESS:PORT  this address, in a URL and as what a name that is allowed leads to
//	ADDRESS/BITS           the same of a range
//
// Addresses of this machine (loopback, unspecified), multicast and link-local ones, those where clouds keep credentials, and
// apiServer are reached only where an address or a range says so, and apiServer by its very address alone: a range may hold
// it by accident. With nil hosts everything is allowed but link-local addresses and those of clouds' credentials.
func New(hosts []string, apiServer string) (*Policy, error) {
	p := &Policy{limited: hosts != nil, proxy: http.ProxyFromEnvironment, resolver: net.DefaultResolver}
	if !p.limited {
		return p, nil
	}
	if len(hosts) == 0 {
		return nil, errors.New(Flag + " must name a host; without the flag, every host is allowed")
	}
	for _, host := range hosts {
		if err := p.allow(host); err != nil {
			return nil, fmt.Errorf("%s: %q %w", Flag, host, err)
		}
	}
	p.told = tell(hosts)
	if apiServer == "" {
		return p, nil
	}
	var err error
	if p.own, err = readEndpoint(apiServer); err != nil {
		return nil, fmt.Errorf("find the address of the host's API server: %w", err)
	}
	return p, nil
}

// maxTold is how many hosts a message lists.
const maxTold = 20

func tell(hosts []string) string {
	if more := len(hosts) - maxTold; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(hosts[:maxTold], ", "), more)
	}
	return strings.Join(hosts, ", ")
}

// Check says why a SecretStore may not be at a site, a URL of which scheme and host count. It looks nothing up.
func (p *Policy) Check(site *url.URL) error {
	_, err := p.judge(site)
	return err
}

// judge is how far a site may lead.
func (p *Policy) judge(site *url.URL) (class, error) {
	if p == nil {
		return metadata, nil
	}
	host, port, err := read(site)
	if err != nil {
		return nowhere, err
	}
	most := p.farthest(host, port)
	if host.addr.IsValid() {
		to := netip.AddrPortFrom(host.addr, port)
		if !p.permits(to, p.own.known(), most) {
			return nowhere, p.refusal(site)
		}
	} else if most == nowhere {
		return nowhere, p.refusal(site)
	}
	return most, nil
}

// farthest is how far a host may lead by its name, or by nothing having been said about hosts.
func (p *Policy) farthest(h host, port uint16) class {
	if !p.limited {
		return local
	}
	most := nowhere
	for _, pattern := range p.names {
		if !h.addr.IsValid() && pattern.matches(h.name, port) {
			most = max(most, pattern.most)
		}
	}
	return most
}

// refusal names the host, which a URL that was read has without user or password.
func (p *Policy) refusal(site *url.URL) error {
	if !p.limited {
		return fmt.Errorf("a SecretStore may not reach %q: it is link-local, or where a cloud hands out credentials", site.Host)
	}
	return fmt.Errorf("a SecretStore may not reach %q: this server allows %s (%s)", site.Host, p.told, Flag)
}

// permits tells whether an address may be dialled for a name that may lead to addresses of most, or less. own are those of
// the host's API server.
func (p *Policy) permits(to netip.AddrPort, own []netip.AddrPort, most class) bool {
	for _, addr := range faces(to.Addr()) {
		face := netip.AddrPortFrom(addr, to.Port())
		if !p.permitsFace(face, slices.Contains(own, face), most) {
			return false
		}
	}
	return true
}

func (p *Policy) permitsFace(to netip.AddrPort, own bool, most class) bool {
	for _, allowed := range p.addresses {
		if allowed.holds(to) && (!own || allowed.single()) {
			return true
		}
	}
	return !own && classOf(to.Addr()) <= most
}

// endpoint is where a server listens.
type endpoint struct {
	host
	port uint16
}

// known is the address that the server is known by, if it is not by a name.
func (e *endpoint) known() []netip.AddrPort {
	if e == nil || !e.addr.IsValid() {
		return nil
	}
	return []netip.AddrPort{netip.AddrPortFrom(e.addr, e.port)}
}

// readEndpoint reads a URL, or what rest.Config takes for one.
func readEndpoint(address string) (*endpoint, error) {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("it is no URL")
	}
	host, port, err := read(u)
	return &endpoint{host, port}, err
}
