// Package builtin is the table of the providers that this server has. A new provider is a folder and a line here.
package builtin

import (
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/infisical"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/onepassword"
)

// All makes one of each provider, by name. What a provider's clients share, connections and logins, they share through
// it: a process makes this table once. tokens are those of the host's service accounts, by which stores may log in; where
// it is nil, none can.
func All(tokens provider.Tokens) []provider.Provider {
	return []provider.Provider{
		infisical.New(infisical.WithTokens(tokens)),
		onepassword.New(),
	}
}
