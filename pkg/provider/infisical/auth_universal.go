package infisical

import (
	"crypto/sha256"

	"github.com/go-resty/resty/v2"
	apiauth "github.com/infisical/go-sdk/packages/api/auth"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// universalAuth logs in with a client id and a client secret.
func universalAuth() authMethod {
	const field = "universalAuthCredentials"
	return authMethod{
		field:  field,
		chosen: func(auth *v1.InfisicalAuth) bool { return auth.UniversalAuthCredentials != nil },
		secrets: func(auth *v1.InfisicalAuth) []authSecret {
			return []authSecret{
				{purpose: "clientId", selector: auth.UniversalAuthCredentials.ClientID},
				{purpose: "clientSecret", selector: auth.UniversalAuthCredentials.ClientSecret},
			}
		},
		open: func(o opening) (*credential, error) {
			id, err := o.secret(field, "clientId")
			if err != nil {
				return nil, err
			}
			secret, err := o.secret(field, "clientSecret")
			if err != nil {
				return nil, err
			}
			return &credential{
				subject: id,
				digest:  sha256.Sum256([]byte(secret)),
				login: func(rest *resty.Client, _ value.Value) (apiauth.MachineIdentityAuthLoginResponse, error) {
					return apiauth.CallUniversalAuthLogin(rest, apiauth.UniversalAuthLoginRequest{
						ClientID: id, ClientSecret: secret, OrganizationSlug: o.organization,
					})
				},
			}, nil
		},
	}
}
