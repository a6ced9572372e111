package egress

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// dialTimeout leaves a caller with a request's time the chance of another address.
const dialTimeout = 10 * time.Second

// Way is how requests to one site travel: what an http.Transport for that site alone is made of.
type Way struct {
	Proxy       func(*http.Request) (*url.URL, error)
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// Way is the way to a site that Check has nothing against, and Check's error else. Where no proxy of the environment stands
// in between, each connection is made to an address that is allowed, or not at all.
func (p *Policy) Way(site *url.URL) (Way, error) {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	if p == nil {
		return Way{Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext}, nil
	}
	most, err := p.judge(site)
	if err != nil {
		return Way{}, err
	}
	proxy, err := p.proxy(&http.Request{URL: site})
	if proxy != nil || err != nil {
		return Way{Proxy: func(*http.Request) (*url.URL, error) { return proxy, err }, DialContext: dialer.DialContext}, nil
	}
	dialer.Resolver = p.resolver
	dialer.ControlContext = p.control(most)
	return Way{DialContext: dialer.DialContext}, nil
}

// control looks at the address of a socket before it connects: there is no look-up after it that could say otherwise.
func (p *Policy) control(most class) func(context.Context, string, string, syscall.RawConn) error {
	return func(ctx context.Context, _, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return ErrAddress
		}
		to = netip.AddrPortFrom(to.Addr().WithZone("").Unmap(), to.Port())
		own, err := p.apiServer(ctx, to.Port())
		if err != nil {
			return err
		}
		if !p.permits(to, own, most) {
			return ErrAddress
		}
		return nil
	}
}

// apiServer is where the host's API server is now, if it is at a port: its name may lead somewhere else than a moment ago.
func (p *Policy) apiServer(ctx context.Context, port uint16) ([]netip.AddrPort, error) {
	if p.own == nil || p.own.addr.IsValid() || p.own.port != port {
		return p.own.known(), nil
	}
	addrs, err := p.resolver.LookupNetIP(ctx, "ip", p.own.name)
	if err != nil {
		return nil, fmt.Errorf("look up the host's API server, which a SecretStore may not reach: %w", err)
	}
	own := make([]netip.AddrPort, len(addrs))
	for i, addr := range addrs {
		own[i] = netip.AddrPortFrom(addr.WithZone("").Unmap(), p.own.port)
	}
	return own, nil
}
