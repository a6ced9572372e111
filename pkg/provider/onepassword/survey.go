package onepassword

import (
	"context"

	sdkmodel "github.com/1Password/connect-sdk-go/onepassword"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

var _ provider.Surveyor = &client{}

// Survey implements provider.Surveyor: the list of vaults has the contentVersion of each. What is not as usual is left to
// Revalidate: a vault that the list does not show, or shows twice, or under another id, or without its contentVersion.
func (c *client) Survey(ctx context.Context, asked []provider.Asked) ([]provider.Sight, error) {
	vaults, err := c.listVaults(ctx)
	if err != nil {
		return nil, err
	}
	sights := make([]provider.Sight, len(asked))
	for i, a := range asked {
		sights[i] = c.sight(a, vaults)
	}
	return sights, nil
}

func (c *client) sight(a provider.Asked, vaults []sdkmodel.Vault) provider.Sight {
	vault, err := matchVault(a.Scope.Name, vaults)
	if err != nil || vault.ContentVersion <= 0 {
		return provider.Sight{}
	}
	if id, known := c.knownID(a.Scope.Name); known && id != vault.ID {
		return provider.Sight{}
	}
	have := heldOf(a.Held, vault)
	if !a.Thorough && have.isCurrent(vault) {
		return provider.Sight{Unchanged: true}
	}
	return provider.Sight{Rest: func(ctx context.Context) (provider.Picture, error) {
		c.rememberID(a.Scope.Name, vault.ID)
		return c.readItems(ctx, a.Scope.Name, vault, have)
	}}
}
