package infisical

import (
	"crypto/sha256"
	"fmt"

	"github.com/go-resty/resty/v2"
	apiauth "github.com/infisical/go-sdk/packages/api/auth"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// ldapAuth logs in as a user of the directory that the identity is bound to.
func ldapAuth() authMethod {
	const field = "ldapAuthCredentials"
	return authMethod{
		field:  field,
		chosen: func(auth *v1.InfisicalAuth) bool { return auth.LDAPAuthCredentials != nil },
		secrets: func(auth *v1.InfisicalAuth) []authSecret {
			return []authSecret{
				{purpose: "identityId", selector: auth.LDAPAuthCredentials.IdentityID},
				{purpose: "ldapUsername", selector: auth.LDAPAuthCredentials.LDAPUsername},
				{purpose: "ldapPassword", selector: auth.LDAPAuthCredentials.LDAPPassword},
			}
		},
		open: func(o opening) (*credential, error) {
			id, err := o.secret(field, "identityId")
			if err != nil {
				return nil, err
			}
			user, err := o.secret(field, "ldapUsername")
			if err != nil {
				return nil, err
			}
			password, err := o.password(field, "ldapPassword")
			if err != nil {
				return nil, err
			}
			return &credential{
				subject: fmt.Sprintf("%q %q", id, user),
				digest:  sha256.Sum256([]byte(password)),
				login: func(rest *resty.Client, _ value.Value) (apiauth.MachineIdentityAuthLoginResponse, error) {
					return apiauth.CallLdapAuthLogin(rest, apiauth.LdapAuthLoginRequest{
						IdentityID: id, Username: user, Password: password, OrganizationSlug: o.organization,
					})
				},
			}, nil
		},
	}
}
