package infisical

import (
	"context"
	"net/url"
	"time"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// purposeCA is the purpose of the reference to certificates. Those of credentials are with their way to log in.
const purposeCA = "ca"

// Provider is the provider "infisical". Its stores share one login for each identity.
type Provider struct {
	now        func() time.Time
	tokens     provider.Tokens
	identities identities
}

var (
	_ provider.Provider = (*Provider)(nil)
	_ provider.Warner   = (*Provider)(nil)
)

// Option is something that a Provider can do without.
type Option func(*Provider)

// WithTokens lets stores log in as service accounts.
func WithTokens(tokens provider.Tokens) Option {
	return func(p *Provider) { p.tokens = tokens }
}

// New returns the provider.
func New(options ...Option) *Provider {
	p := &Provider{now: time.Now}
	for _, option := range options {
		option(p)
	}
	return p
}

// Name implements provider.Provider.
func (*Provider) Name() string { return "infisical" }

// In implements provider.Provider.
func (*Provider) In(spec *v1.SecretStoreProvider) bool { return spec != nil && spec.Infisical != nil }

// References implements provider.Provider. It is empty where the store names no single way to log in that is built in:
// Validate and Connect say so.
func (*Provider) References(spec *v1.SecretStoreProvider) []provider.Reference {
	var references []provider.Reference
	method, err := chooseMethod(&spec.Infisical.Auth)
	if err == nil {
		for _, secret := range method.secrets(&spec.Infisical.Auth) {
			references = append(references, provider.Reference{
				Purpose:   secret.purpose,
				Namespace: deref(secret.selector.Namespace),
				Name:      deref(secret.selector.Name),
				Key:       deref(secret.selector.Key),
				Field:     "provider.infisical.auth." + method.field + "." + secret.purpose,
			})
		}
		references = append(references, accountReference(method, spec.Infisical)...)
	}
	if ca := spec.Infisical.CAProvider; ca != nil && len(spec.Infisical.CABundle) == 0 {
		references = append(references, provider.Reference{
			Purpose:   purposeCA,
			ConfigMap: ca.Type == v1.CAProviderConfigMap,
			Namespace: deref(ca.Namespace),
			Name:      ca.Name,
			Key:       deref(ca.Key),
			Field:     "provider.infisical.caProvider",
		})
	}
	return references
}

// accountReference is the reference to the service account that logs in, if it is one that does. There is none where the
// store has no address: without it the audience cannot be told, and Connect says so.
func accountReference(method *authMethod, store *v1.InfisicalProvider) []provider.Reference {
	if method.account == nil {
		return nil
	}
	site, err := siteOf(store)
	if err != nil {
		return nil
	}
	account := method.account(&store.Auth)
	return []provider.Reference{{
		Purpose:        purposeAccount,
		ServiceAccount: true,
		Namespace:      deref(account.Namespace),
		Name:           account.Name,
		Audiences:      audiencesOf(account, site),
		Field:          "provider.infisical.auth." + method.field + "." + purposeAccount,
	}}
}

// Site implements provider.Provider.
func (*Provider) Site(spec *v1.SecretStoreProvider) (*url.URL, error) {
	return siteOf(spec.Infisical)
}

// SiteField implements provider.Provider.
func (*Provider) SiteField() string { return "hostAPI" }

// Connect implements provider.Provider.
func (p *Provider) Connect(spec *v1.SecretStoreProvider, material provider.Material, reach *egress.Policy) (provider.Client, error) {
	store := spec.Infisical
	site, err := siteOf(store)
	if err != nil {
		return nil, err
	}
	way, err := reach.Way(site)
	if err != nil {
		return nil, provider.Errorf(provider.Invalid, "spec.provider.infisical.hostAPI: %s", err)
	}
	trusted, err := rootsOf(store, material)
	if err != nil {
		return nil, err
	}
	method, err := chooseMethod(&store.Auth)
	if err != nil {
		return nil, provider.Errorf(provider.Invalid, "%s", err)
	}
	organization := deref(store.SecretsScope.OrganizationSlug)
	credential, err := method.open(opening{material: material, tokens: p.tokens, organization: organization})
	if err != nil {
		return nil, err
	}

	key := identityKey{
		site: site.String(), roots: trusted.digest, method: method.field, organization: organization,
		subject: credential.subject, secret: credential.digest,
	}
	lifetime, end := context.WithCancel(context.Background())
	return &client{
		project:     store.SecretsScope.ProjectSlug,
		environment: store.SecretsScope.EnvironmentSlug,
		path:        cleanFolder(deref(store.SecretsScope.SecretsPath)),
		recursive:   orDefault(store.SecretsScope.Recursive, false),
		expand:      orDefault(store.SecretsScope.ExpandSecretReferences, true),
		connection:  newConnection(site, way, trusted.pool, p.now),
		identity:    p.identities.acquire(key, credential, p.now),
		release:     func() { p.identities.release(key, p.now()) },
		channel:     channel{identity: key, project: store.SecretsScope.ProjectSlug},
		silence:     silence,
		lifetime:    lifetime,
		end:         end,
	}, nil
}

func deref(s *string) string { return orDefault(s, "") }

func orDefault[T any](v *T, otherwise T) T {
	if v == nil {
		return otherwise
	}
	return *v
}
