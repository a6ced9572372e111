// Package builtin is the table of the providers that this server has. A new provider is a folder and a line here.
package builtin

import (
	"slices"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/infisical"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/onepassword"
)

// All makes one of each provider, by name. What a provider's clients share, connections and logins, they share through
// it: a process makes this table once.
func All() []provider.Provider {
	return []provider.Provider{
		infisical.New(),
		onepassword.New(),
	}
}

// ByName is the provider of a name, which is its field in spec.provider of a store.
func ByName(all []provider.Provider, name string) (provider.Provider, bool) {
	n := slices.IndexFunc(all, func(p provider.Provider) bool { return p.Name() == name })
	if n < 0 {
		return nil, false
	}
	return all[n], true
}

// Names is the names of providers, for messages that list what there is.
func Names(all []provider.Provider) []string {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.Name()
	}
	slices.Sort(names)
	return names
}
