package infisical

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/go-resty/resty/v2"
	apiauth "github.com/infisical/go-sdk/packages/api/auth"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// authMethod is one way to log in: a field of spec.provider.infisical.auth. One without open is part of the API and not
// built in.
type authMethod struct {
	field  string
	chosen func(*v1.InfisicalAuth) bool
	// secrets are the references that open needs the content of.
	secrets func(*v1.InfisicalAuth) []authSecret
	// account is the service account that logs in, where the method is by one.
	account func(*v1.InfisicalAuth) *v1.ServiceAccountSelector
	open    func(opening) (*credential, error)
}

// opening is what a credential is opened with.
type opening struct {
	material     provider.Material
	tokens       provider.Tokens
	organization string
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
	// login asks for an access token with what prove returned; it is nil where token is one already.
	login func(rest *resty.Client, proof value.Value) (apiauth.MachineIdentityAuthLoginResponse, error)
	// prove fetches what a login proves its subject with. It is nil where the credential itself does.
	prove func(context.Context) (value.Value, error)
	// hint says what a refusal may be due to; it may be empty.
	hint  string
	token string
}

// proof is what to log in with now.
func (c *credential) proof(ctx context.Context) (value.Value, *provider.Error) {
	if c.prove == nil {
		return value.Value{}, nil
	}
	proof, err := c.prove(ctx)
	var failure *provider.Error
	if err != nil && !errors.As(err, &failure) {
		failure = &provider.Error{Reason: provider.Unavailable, Message: "what proves who logs in cannot be had", Cause: err}
	}
	return proof, failure
}

// authMethods are the fields of v1.InfisicalAuth.
func authMethods() []authMethod {
	return []authMethod{
		universalAuth(),
		jwtAuth(),
		ldapAuth(),
		kubernetesAuth(),
		tokenAuth(),
		{field: "azureAuthCredentials", chosen: func(a *v1.InfisicalAuth) bool { return a.AzureAuthCredentials != nil }},
		{field: "gcpIdTokenAuthCredentials", chosen: func(a *v1.InfisicalAuth) bool { return a.GCPIDTokenAuthCredentials != nil }},
		{field: "gcpIamAuthCredentials", chosen: func(a *v1.InfisicalAuth) bool { return a.GCPIAMAuthCredentials != nil }},
		{field: "ociAuthCredentials", chosen: func(a *v1.InfisicalAuth) bool { return a.OCIAuthCredentials != nil }},
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

// secret is the content of one of the method's references, without the white space around it that files and editors add.
func (o opening) secret(method, purpose string) (string, error) {
	text := strings.TrimSpace(string(o.material[purpose].Bytes()))
	if text == "" {
		return "", emptySecret(method, purpose)
	}
	return text, nil
}

// password is secret for what white space may be part of, but for the end of its line.
func (o opening) password(method, purpose string) (string, error) {
	text := strings.TrimRight(string(o.material[purpose].Bytes()), "\r\n")
	if text == "" {
		return "", emptySecret(method, purpose)
	}
	return text, nil
}

func emptySecret(method, purpose string) error {
	return provider.Errorf(provider.Invalid, "spec.provider.infisical.auth.%s.%s refers to an empty value", method, purpose)
}

// printable tells whether s can stand in a header.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
