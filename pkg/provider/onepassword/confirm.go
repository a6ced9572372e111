package onepassword

import (
	"context"
	"errors"
	"slices"

	sdkmodel "github.com/1Password/connect-sdk-go/onepassword"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// maxSearched is how many vaults are searched for an item before it counts as gone. Connect's tokens are made for a few.
const maxSearched = 100

// Confirm implements provider.Client. An item is gone when Connect says of its id that there is no such item, and no vault
// that the access token reaches lists it, or another of its title: one that was renamed, archived where Connect shows as
// much, moved to another vault, or only left out of a list is still somewhere. What was never seen has no id, so that
// nothing can be said of it directly.
func (c *client) Confirm(ctx context.Context, n provider.Need, last *provider.Answer) error {
	if n.Kind != provider.KindValue && n.Kind != provider.KindMap {
		return provider.Errorf(provider.Invalid, "a find cannot be gone")
	}
	if last == nil {
		return provider.Errorf(provider.Unavailable, "key %q was never seen: nothing shows that it is gone", n.Key)
	}
	known, ok := parseIdentity(last.ID)
	if !ok {
		return provider.Errorf(provider.Unavailable, "the item of key %q is not known: nothing shows that it is gone", n.Key)
	}
	found, err := c.readItem(ctx, last.Scope.Name, known.vaultID, known.itemID)
	switch {
	case err == nil:
		return stillThere(n.Key, found)
	case errors.Is(err, errNoItem):
		return c.confirmByLists(ctx, n.Key, known)
	}
	return err
}

// stillThere says what became of an item that Connect still has under its id.
func stillThere(key string, found *item) error {
	switch {
	case found.state != "":
		return errStillThere(key, "its item was archived")
	case found.title != key && found.id != key:
		return errStillThere(key, "its item was renamed")
	}
	return errStillThere(key, "its item is still there, although the list of its vault leaves it out")
}

// confirmByLists looks for an item in every vault that the access token reaches. It returns nil where each of them was
// listed and none has it.
func (c *client) confirmByLists(ctx context.Context, key string, known identity) error {
	vaults, err := c.listVaults(ctx)
	if err != nil {
		return err
	}
	if len(vaults) > maxSearched {
		return errStillThere(key, "the access token reaches %d vaults, and no more than %d are searched for an item that was moved", len(vaults), maxSearched)
	}
	own, err := c.ownVaults(vaults)
	if err != nil {
		return err
	}
	for _, vault := range vaults {
		name, isOwn := own[vault.ID]
		if err := c.confirmByList(ctx, key, known, vault, name, isOwn); err != nil {
			return err
		}
	}
	return nil
}

// ownVaults is the names that the store gives to its vaults, by their ids. Each must be among the vaults.
func (c *client) ownVaults(vaults []sdkmodel.Vault) (map[string]string, error) {
	own := make(map[string]string, len(c.scopes))
	for _, scope := range c.scopes {
		vault, err := matchVault(scope.Name, vaults)
		if err != nil {
			return nil, err
		}
		own[vault.ID] = scope.Name
	}
	return own, nil
}

// confirmByList looks for an item in one vault. Of a vault that is none of the store's no name is told.
func (c *client) confirmByList(ctx context.Context, key string, known identity, vault sdkmodel.Vault, name string, isOwn bool) error {
	subject := "the items of a vault that is none of the store's"
	if isOwn {
		subject = quoted("the items of vault", name)
	}
	rows, err := c.listItems(ctx, subject, vault.ID)
	switch {
	case err != nil:
		return err
	case len(rows) == 0 && vault.Items > 0:
		return provider.Errorf(provider.Unavailable, "%s: the list is empty although the vault counts %d", subject, vault.Items)
	case !slices.ContainsFunc(rows, known.matches):
		return nil
	case isOwn:
		return errStillThere(key, "its item is listed in vault %q", name)
	}
	return errStillThere(key, "an item of its title or id is in a vault that the access token reaches and the store does not name")
}
