package egress

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
)

// zone answers for names, each time with the next of their answers, and then with the last again.
type zone struct {
	t       *testing.T
	mu      sync.Mutex
	answers map[string][][]string
}

func (z *zone) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go z.serve(server)
		return client, nil
	}}
}

// serve speaks DNS as over TCP: each message follows its length.
func (z *zone) serve(conn net.Conn) {
	defer conn.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(query) != nil {
			return
		}
		z.answer(&m)
		packed, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)); err != nil {
			return
		}
	}
}

func (z *zone) answer(m *dnsmessage.Message) {
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	question := m.Questions[0]
	z.mu.Lock()
	defer z.mu.Unlock()
	name := question.Name.String()
	left := z.answers[name]
	if len(left) == 0 {
		m.RCode = dnsmessage.RCodeNameError
		return
	}
	if question.Type != dnsmessage.TypeA {
		return
	}
	for _, text := range left[0] {
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class},
			Body:   &dnsmessage.AResource{A: netip.MustParseAddr(text).As4()},
		})
	}
	if len(left) > 1 {
		z.answers[name] = left[1:]
	}
}

// servers counts the requests that come to addresses of this machine.
type servers struct {
	port string
	mu   sync.Mutex
	seen map[string]int
}

func serve(t *testing.T, addresses ...string) *servers {
	t.Helper()
	s := &servers{port: "0", seen: map[string]int{}}
	for _, address := range addresses {
		listener, err := net.Listen("tcp", net.JoinHostPort(address, s.port))
		require.NoError(t, err)
		_, s.port, _ = net.SplitHostPort(listener.Addr().String())
		server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.seen[address]++
		})}}
		server.Start()
		t.Cleanup(server.Close)
	}
	return s
}

// get asks a site once, on a connection of its own.
func get(t *testing.T, p *Policy, site string) error {
	t.Helper()
	u := siteOf(t, site)
	way, err := p.Way(u)
	if err != nil {
		return err
	}
	transport := &http.Transport{Proxy: way.Proxy, DialContext: way.DialContext, DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u.String(), nil)
	require.NoError(t, err)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// TestNamesThatChangeTheirAddress: what a name led to a moment ago does not count.
func TestNamesThatChangeTheirAddress(t *testing.T) {
	s := serve(t, "127.0.0.1", "127.0.0.2")
	p := newPolicy(t, "*.example.com", "127.0.0.1")
	z := &zone{t: t, answers: map[string][][]string{"rebinds.example.com.": {{"127.0.0.1"}, {"127.0.0.2"}}}}
	p.resolver = z.resolver()
	site := "http://rebinds.example.com:" + s.port
	require.NoError(t, get(t, p, site))
	require.ErrorIs(t, get(t, p, site), ErrAddress)
	require.ErrorIs(t, get(t, p, site), ErrAddress)
	require.Equal(t, map[string]int{"127.0.0.1": 1}, s.seen)
}

func TestDial(t *testing.T) {
	s := serve(t, "127.0.0.1", "127.0.0.2")
	for name, c := range map[string]struct {
		hosts     []string
		apiServer string
		site      string
		answers   []string
		refused   bool
	}{
		"loopback by a name":              {[]string{"name.example"}, "", "http://name.example", []string{"127.0.0.1"}, true},
		"loopback by a pattern":           {[]string{"*"}, "", "http://name.example", []string{"127.0.0.1"}, true},
		"loopback that is allowed":        {[]string{"name.example", "127.0.0.0/8"}, "", "http://name.example", []string{"127.0.0.1"}, false},
		"at another port":                 {[]string{"name.example", "127.0.0.1:1"}, "", "http://name.example", []string{"127.0.0.1"}, true},
		"one of two addresses":            {[]string{"name.example", "127.0.0.2"}, "", "http://name.example", []string{"127.0.0.1", "127.0.0.2"}, false},
		"metadata":                        {[]string{"name.example"}, "", "http://name.example", []string{"169.254.169.254"}, true},
		"metadata, with nothing limited":  {nil, "", "http://name.example", []string{"169.254.169.254"}, true},
		"loopback, with nothing limited":  {nil, "", "http://name.example", []string{"127.0.0.1"}, false},
		"an address in the URL":           {[]string{"127.0.0.1"}, "", "http://127.0.0.1", nil, false},
		"an address as IPv6 has it":       {[]string{"127.0.0.1"}, "", "http://[::ffff:127.0.0.1]", nil, false},
		"the API server in a range":       {[]string{"name.example", "127.0.0.0/8"}, "https://127.0.0.1:PORT", "http://name.example", []string{"127.0.0.1"}, true},
		"the API server by its name":      {[]string{"name.example", "127.0.0.0/8"}, "https://api.example:PORT", "http://name.example", []string{"127.0.0.1"}, true},
		"beside the API server":           {[]string{"name.example", "127.0.0.0/8"}, "https://127.0.0.1:1", "http://name.example", []string{"127.0.0.1"}, false},
		"the API server, if that is said": {[]string{"name.example", "127.0.0.1"}, "https://127.0.0.1:PORT", "http://name.example", []string{"127.0.0.1"}, false},
		"an API server at another port":   {[]string{"name.example", "127.0.0.1"}, "https://gone.example:1", "http://name.example", []string{"127.0.0.1"}, false},
		"an API server that is not found": {[]string{"name.example", "127.0.0.1"}, "https://gone.example:PORT", "http://name.example", []string{"127.0.0.1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			c.apiServer = strings.Replace(c.apiServer, "PORT", s.port, 1)
			p, err := New(c.hosts, c.apiServer)
			require.NoError(t, err)
			z := &zone{t: t, answers: map[string][][]string{"name.example.": {c.answers}, "api.example.": {{"127.0.0.1"}}}}
			p.resolver = z.resolver()
			err = get(t, p, c.site+":"+s.port)
			require.Equal(t, c.refused, err != nil, "%v", err)
		})
	}
}

// TestProxy: the proxy is the operator's, wherever it is, and looks names up itself.
func TestProxy(t *testing.T) {
	s := serve(t, "127.0.0.1")
	p := newPolicy(t, "name.example", "10.0.0.0/8")
	p.resolver = (&zone{t: t}).resolver() // It knows no names.
	p.proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "127.0.0.1:" + s.port})
	require.NoError(t, get(t, p, "http://name.example"))
	require.NoError(t, get(t, p, "http://10.1.1.1"))
	require.Equal(t, 2, s.seen["127.0.0.1"])
	for _, site := range []string{"http://other.example", "http://169.254.169.254", "http://127.0.0.1:" + s.port, "http://2852039166", "http://10.96.0.1:443"} {
		require.Error(t, get(t, p, site), site)
	}
	require.Equal(t, 2, s.seen["127.0.0.1"], "what is not allowed does not reach the proxy")

	broken := errors.New("no proxy")
	p.proxy = func(*http.Request) (*url.URL, error) { return nil, broken }
	require.ErrorIs(t, get(t, p, "http://name.example"), broken)
}
