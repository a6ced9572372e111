package infisical

import (
	"crypto/sha256"

	"github.com/go-resty/resty/v2"
	apiauth "github.com/infisical/go-sdk/packages/api/auth"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// jwtAuth logs in with a JSON web token of some issuer. One that replaces it in its Secret is another credential.
func jwtAuth() authMethod {
	const field = "jwtAuthCredentials"
	return authMethod{
		field:  field,
		chosen: func(auth *v1.InfisicalAuth) bool { return auth.JWTAuthCredentials != nil },
		secrets: func(auth *v1.InfisicalAuth) []authSecret {
			return []authSecret{
				{purpose: "identityId", selector: auth.JWTAuthCredentials.IdentityID},
				{purpose: "jwt", selector: auth.JWTAuthCredentials.JWT},
			}
		},
		open: func(o opening) (*credential, error) {
			id, err := o.secret(field, "identityId")
			if err != nil {
				return nil, err
			}
			jwt, err := o.secret(field, "jwt")
			if err != nil {
				return nil, err
			}
			return &credential{
				subject: id,
				digest:  sha256.Sum256([]byte(jwt)),
				login: func(rest *resty.Client, _ value.Value) (apiauth.MachineIdentityAuthLoginResponse, error) {
					return apiauth.CallJwtAuthLogin(rest, apiauth.JwtAuthLoginRequest{
						IdentityID: id, JWT: jwt, OrganizationSlug: o.organization,
					})
				},
				hint: "the JWT may have expired",
			}, nil
		},
	}
}
