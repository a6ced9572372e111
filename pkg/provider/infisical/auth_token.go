package infisical

import (
	"crypto/sha256"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// tokenAuth uses an access token as it is. It cannot be renewed: who issued it must put another one into the Secret.
func tokenAuth() authMethod {
	const field = "tokenAuthCredentials"
	return authMethod{
		field:  field,
		chosen: func(auth *v1.InfisicalAuth) bool { return auth.TokenAuthCredentials != nil },
		secrets: func(auth *v1.InfisicalAuth) []authSecret {
			return []authSecret{{purpose: "accessToken", selector: auth.TokenAuthCredentials.AccessToken}}
		},
		open: func(o opening) (*credential, error) {
			token, err := o.secret(field, "accessToken")
			if err != nil {
				return nil, err
			}
			if !printable(token) {
				return nil, provider.Errorf(provider.Invalid,
					"spec.provider.infisical.auth.%s.accessToken refers to a value with white space or characters that are not ASCII", field)
			}
			return &credential{digest: sha256.Sum256([]byte(token)), token: token}, nil
		},
	}
}
