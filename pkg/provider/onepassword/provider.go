package onepassword

import (
	"net/url"
	"strings"
	"time"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/wire"
)

// Name is the field of spec.provider.
const Name = "onepassword"

// PurposeToken is the Reference to the access token of Connect.
const PurposeToken = "token"

// Provider implements provider.Provider. Its clients share the connections to a site.
type Provider struct {
	transports wire.Transports
	now        func() time.Time
}

var _ provider.Provider = &Provider{}

// New makes the provider.
func New() *Provider { return NewAt(time.Now) }

// NewAt makes a provider whose one-time codes are those of the time that now tells.
func NewAt(now func() time.Time) *Provider { return &Provider{now: now} }

// Name implements provider.Provider.
func (*Provider) Name() string { return Name }

// In implements provider.Provider.
func (*Provider) In(spec *v1.SecretStoreProvider) bool {
	return spec != nil && spec.OnePassword != nil
}

// References implements provider.Provider.
func (p *Provider) References(spec *v1.SecretStoreProvider) []provider.Reference {
	if !p.In(spec) || spec.OnePassword.Auth == nil || spec.OnePassword.Auth.SecretRef == nil {
		return nil
	}
	return []provider.Reference{provider.SecretReference(PurposeToken,
		"provider.onepassword.auth.secretRef.connectTokenSecretRef", spec.OnePassword.Auth.SecretRef.ConnectTokenSecretRef)}
}

// Site implements provider.Provider.
func (p *Provider) Site(spec *v1.SecretStoreProvider) (*url.URL, error) {
	if !p.In(spec) {
		return nil, provider.Errorf(provider.Invalid, "the store is not one of 1Password")
	}
	base, problem := parseHost(spec.OnePassword.ConnectHost)
	if problem != "" {
		return nil, provider.Errorf(provider.Invalid, "connectHost %s", problem)
	}
	return &url.URL{Scheme: base.Scheme, Host: base.Host}, nil
}

// SiteField implements provider.Provider.
func (*Provider) SiteField() string { return "connectHost" }

// Connect implements provider.Provider.
func (p *Provider) Connect(spec *v1.SecretStoreProvider, material provider.Material, reach *egress.Policy) (provider.Client, error) {
	if !p.In(spec) {
		return nil, provider.Errorf(provider.Invalid, "the store is not one of 1Password")
	}
	base, problem := parseHost(spec.OnePassword.ConnectHost)
	if problem != "" {
		return nil, provider.Errorf(provider.Invalid, "connectHost %s", problem)
	}
	token, err := readToken(material[PurposeToken])
	if err != nil {
		return nil, err
	}
	calls, err := sharedBridge()
	if err != nil {
		return nil, err
	}
	transport, release, err := p.transports.Acquire(base, reach)
	if err != nil {
		return nil, provider.Errorf(provider.Invalid, "connectHost: %s", err)
	}
	c := &client{base: base, token: token, bridge: calls, transport: transport, now: p.now}
	return c.open(inOrder(spec.OnePassword.Vaults), release), nil
}

// parseHost reads connectHost; problem says what is wrong with it, in words that follow its name.
func parseHost(host string) (base *url.URL, problem string) {
	const form = `must be a URL such as "http://onepassword-connect:8080"`
	base, err := url.Parse(host)
	switch {
	case err != nil || base.Opaque != "":
		return nil, form
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, form + ": its scheme must be http or https"
	case base.Hostname() == "":
		return nil, form + ": it has no host"
	case base.User != nil:
		return nil, "must not hold a user or a password"
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, "must not have a query or a fragment"
	}
	base.Host = strings.ToLower(base.Host)
	return base, ""
}
