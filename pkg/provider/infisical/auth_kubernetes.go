package infisical

import (
	"context"
	"crypto/sha256"
	"net/url"
	"strings"

	"github.com/go-resty/resty/v2"
	apiauth "github.com/infisical/go-sdk/packages/api/auth"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

const (
	// purposeAccount is the purpose of the reference to a service account, and its field.
	purposeAccount = "serviceAccountRef"
	// defaultAccount logs in for a SecretStore that names none: in its namespace, so that it is nobody else's.
	defaultAccount = "default"
)

// kubernetesAuth logs in with a token of a service account. Who logs in is the service account; each login has a new token.
func kubernetesAuth() authMethod {
	const field = "kubernetesAuthCredentials"
	return authMethod{
		field:  field,
		chosen: func(auth *v1.InfisicalAuth) bool { return auth.KubernetesAuthCredentials != nil },
		secrets: func(auth *v1.InfisicalAuth) []authSecret {
			return []authSecret{{purpose: "identityId", selector: auth.KubernetesAuthCredentials.IdentityID}}
		},
		account: func(auth *v1.InfisicalAuth) *v1.ServiceAccountSelector {
			if account := auth.KubernetesAuthCredentials.ServiceAccountRef; account != nil {
				return account
			}
			return &v1.ServiceAccountSelector{Name: defaultAccount}
		},
		open: func(o opening) (*credential, error) {
			id, err := o.secret(field, "identityId")
			if err != nil {
				return nil, err
			}
			if o.tokens == nil {
				return nil, provider.Errorf(provider.Invalid, "spec.provider.infisical.auth.%s: there is no cluster here whose service accounts could log in", field)
			}
			account := o.material[purposeAccount]
			return &credential{
				subject: id,
				digest:  sha256.Sum256(account.Bytes()),
				prove:   func(ctx context.Context) (value.Value, error) { return o.tokens.Token(ctx, account) },
				login: func(rest *resty.Client, token value.Value) (apiauth.MachineIdentityAuthLoginResponse, error) {
					return apiauth.CallKubernetesAuthLogin(rest, apiauth.KubernetesAuthLoginRequest{
						IdentityID: id, JWT: string(token.Bytes()), OrganizationSlug: o.organization,
					})
				},
				hint: "the identity must allow the service account and the audience of its tokens, which is the URL of the instance " +
					"where serviceAccountRef names none",
			}, nil
		},
	}
}

// audiencesOf are whom tokens of the service account are for: those that are named, else the instance, by its URL without
// /api.
func audiencesOf(account *v1.ServiceAccountSelector, site *url.URL) []string {
	if len(account.Audiences) > 0 {
		return account.Audiences
	}
	return []string{strings.TrimSuffix(site.String(), "/api")}
}
