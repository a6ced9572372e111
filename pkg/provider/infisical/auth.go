package infisical

import (
	"crypto/sha256"
	"strings"

	"github.com/go-resty/resty/v2"
	apiauth "github.com/infisical/go-sdk/packages/api/auth"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// authMethod is one way to log in: a field of spec.provider.infisical.auth. One without open is part of the API and not
// built in.
type authMethod struct {
	field  string
	chosen func(*v1.InfisicalAuth) bool
	// secrets are the references that open needs the content of.
	secrets func(*v1.InfisicalAuth) []authSecret
	open    func(material provider.Material, organization string) (*credential, error)
}

// authSecret is a reference of an authMethod. purpose is its field, and its key in the Material.
type authSecret struct {
	purpose  string
	selector v1.SecretKeySelector
}

// credential is what a store logs in with.
type credential struct {
	// subject says who logs in, digest stands for what proves it; together they tell identities apart.
	subject string
	digest  [sha256.Size]byte
	// login asks for an access token; it is nil where token is one already.
	login func(*resty.Client) (apiauth.MachineIdentityAuthLoginResponse, error)
	token string
}

// authMethods are the fields of v1.InfisicalAuth.
func authMethods() []authMethod {
	return []authMethod{
		universalAuth(),
		tokenAuth(),
		{field: "azureAuthCredentials", chosen: func(a *v1.InfisicalAuth) bool { return a.AzureAuthCredentials != nil }},
		{field: "gcpIdTokenAuthCredentials", chosen: func(a *v1.InfisicalAuth) bool { return a.GCPIDTokenAuthCredentials != nil }},
		{field: "gcpIamAuthCredentials", chosen: func(a *v1.InfisicalAuth) bool { return a.GCPIAMAuthCredentials != nil }},
		{field: "jwtAuthCredentials", chosen: func(a *v1.InfisicalAuth) bool { return a.JWTAuthCredentials != nil }},
		{field: "ldapAuthCredentials", chosen: func(a *v1.InfisicalAuth) bool { return a.LDAPAuthCredentials != nil }},
		{field: "ociAuthCredentials", chosen: func(a *v1.InfisicalAuth) bool { return a.OCIAuthCredentials != nil }},
		{field: "kubernetesAuthCredentials", chosen: func(a *v1.InfisicalAuth) bool { return a.KubernetesAuthCredentials != nil }},
		{field: "awsAuthCredentials", chosen: func(a *v1.InfisicalAuth) bool { return a.AWSAuthCredentials != nil }},
	}
}

// builtIn names the methods that can be used.
func builtIn() string {
	var names []string
	for _, m := range authMethods() {
		if m.open != nil {
			names = append(names, m.field)
		}
	}
	return strings.Join(names, ", ")
}

// methodError says why a store's auth names no usable way to log in. field is that below auth, where one is at fault.
type methodError struct{ field, problem string }

func (e *methodError) Error() string {
	path := "spec.provider.infisical.auth"
	if e.field != "" {
		path += "." + e.field
	}
	return path + ": " + e.problem
}

// chooseMethod is the one way to log in that a store names. Its error is a *methodError.
func chooseMethod(auth *v1.InfisicalAuth) (*authMethod, error) {
	var chosen []authMethod
	var names []string
	for _, m := range authMethods() {
		if m.chosen(auth) {
			chosen = append(chosen, m)
			names = append(names, m.field)
		}
	}
	switch {
	case len(chosen) == 0:
		return nil, &methodError{problem: "must name one way to log in; built in are " + builtIn()}
	case len(chosen) > 1:
		return nil, &methodError{problem: "must name one way to log in, and names " + strings.Join(names, ", ")}
	case chosen[0].open == nil:
		return nil, &methodError{field: names[0], problem: "this way to log in is not built in; built in are " + builtIn()}
	}
	return &chosen[0], nil
}

// openSecret is the content of one of the method's references, without the white space around it that files and editors
// add.
func openSecret(material provider.Material, method, purpose string) (string, error) {
	text := strings.TrimSpace(string(material[purpose].Bytes()))
	if text == "" {
		return "", provider.Errorf(provider.Invalid, "spec.provider.infisical.auth.%s.%s refers to an empty value", method, purpose)
	}
	return text, nil
}

// printable tells whether s can stand in a header.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
