package onepassword

import (
	"context"
	"errors"
	"slices"
	"strings"

	sdk "github.com/1Password/connect-sdk-go/connect"
	sdkmodel "github.com/1Password/connect-sdk-go/onepassword"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Revalidate implements provider.Client. The vault is read before the list that its contentVersion labels: a change between
// the two is then seen again at the next call, instead of never.
func (c *client) Revalidate(ctx context.Context, scope provider.Scope, held provider.Picture, thorough bool) (provider.Picture, error) {
	vault, err := c.readVault(ctx, scope.Name, thorough)
	if err != nil {
		return nil, err
	}
	have := heldOf(held, vault)
	if !thorough && have.isCurrent(vault) {
		return have, nil
	}
	return c.readItems(ctx, scope.Name, vault, have)
}

// heldOf is the picture that is held of a vault; nil where there is none, or where the name led to another vault then.
func heldOf(held provider.Picture, vault sdkmodel.Vault) *picture {
	have, _ := held.(*picture)
	if have != nil && have.vaultID != vault.ID {
		return nil
	}
	return have
}

// isCurrent tells from a vault's counter that its picture is not older. A lower counter than the one that is held comes
// from a replica that lags: what is held is newer. A counter of 0 is one that the server does not keep.
func (p *picture) isCurrent(vault sdkmodel.Vault) bool {
	return p != nil && vault.ContentVersion > 0 && vault.ContentVersion <= p.contentVersion
}

// readItems makes the picture of a vault that was read before.
func (c *client) readItems(ctx context.Context, name string, vault sdkmodel.Vault, have *picture) (provider.Picture, error) {
	rows, err := c.listItems(ctx, quoted("the items of vault", name), vault.ID)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 && vault.Items > 0 {
		return nil, provider.Errorf(provider.Unavailable, "vault %q: the list of items is empty although the vault counts %d", name, vault.Items)
	}
	return newPicture(vault, rows, have), nil
}

// readVault reads the vault that a name of the spec leads to, with its contentVersion. A title is turned into an id by the
// list of vaults, and the id remembered while the vault answers under that title; a thorough call asks the list again.
func (c *client) readVault(ctx context.Context, name string, thorough bool) (sdkmodel.Vault, error) {
	id, known := c.knownID(name)
	if !known || thorough && !idPattern.MatchString(name) {
		return c.findVault(ctx, name)
	}
	vault, err := c.getVault(ctx, name, id)
	if err == nil && (vault.ID == name || strings.EqualFold(vault.Name, name)) {
		return vault, nil
	}
	if err != nil && provider.ReasonOf(err) != provider.Forbidden && provider.ReasonOf(err) != provider.ScopeNotFound {
		return sdkmodel.Vault{}, err
	}
	c.forgetID(name)
	vaults, listErr := c.listVaults(ctx)
	if listErr != nil {
		return sdkmodel.Vault{}, listErr
	}
	other, matchErr := matchVault(name, vaults)
	switch {
	case matchErr == nil && other.ID != id:
		return c.adoptVault(ctx, name, other)
	case err != nil:
		return sdkmodel.Vault{}, err
	case matchErr != nil:
		return sdkmodel.Vault{}, matchErr
	}
	return vault, nil
}

// findVault finds a vault in the list of vaults.
func (c *client) findVault(ctx context.Context, name string) (sdkmodel.Vault, error) {
	vaults, err := c.listVaults(ctx)
	if err != nil {
		return sdkmodel.Vault{}, err
	}
	found, err := matchVault(name, vaults)
	if err != nil {
		c.forgetID(name)
		return sdkmodel.Vault{}, err
	}
	return c.adoptVault(ctx, name, found)
}

// adoptVault remembers a row of the list of vaults. Some servers leave contentVersion out of it: the vault itself has it.
func (c *client) adoptVault(ctx context.Context, name string, row sdkmodel.Vault) (sdkmodel.Vault, error) {
	c.rememberID(name, row.ID)
	if row.ContentVersion > 0 {
		return row, nil
	}
	return c.getVault(ctx, name, row.ID)
}

// knownID is the id of a vault as far as it is known. A name that looks like an id is taken for one.
func (c *client) knownID(name string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id, ok := c.ids[name]; ok {
		return id, true
	}
	return name, idPattern.MatchString(name)
}

func (c *client) rememberID(name, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids[name] = id
}

func (c *client) forgetID(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.ids, name)
}

// matchVault finds a vault by id or title. Connect's own look-up of titles ignores case, so that is the last resort.
func matchVault(name string, vaults []sdkmodel.Vault) (sdkmodel.Vault, error) {
	for _, matches := range []func(sdkmodel.Vault) bool{
		func(v sdkmodel.Vault) bool { return v.ID == name },
		func(v sdkmodel.Vault) bool { return v.Name == name },
		func(v sdkmodel.Vault) bool { return strings.EqualFold(v.Name, name) },
	} {
		found := slices.DeleteFunc(slices.Clone(vaults), func(v sdkmodel.Vault) bool { return !matches(v) })
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return sdkmodel.Vault{}, provider.Errorf(provider.Invalid, "vault %q: %d vaults have this title; name the one that is meant by its id", name, len(found))
		}
	}
	return sdkmodel.Vault{}, provider.Errorf(provider.ScopeNotFound, "vault %q: the access token reaches no vault of this title or id", name)
}

func (c *client) listVaults(ctx context.Context) ([]sdkmodel.Vault, error) {
	return send(ctx, c, request{
		subject: "the list of vaults", limit: maxList, absent: provider.Unavailable,
		check: jsonOf(func(rows []struct{ ID string }) error {
			for _, row := range rows {
				if !idPattern.MatchString(row.ID) {
					return errors.New("a vault without an id")
				}
			}
			return nil
		}),
	}, sdk.Client.GetVaults)
}

func (c *client) getVault(ctx context.Context, name, id string) (sdkmodel.Vault, error) {
	vault, err := send(ctx, c, request{
		subject: quoted("vault", name), limit: maxItem, absent: provider.ScopeNotFound,
		check: jsonOf(func(v struct{ ID string }) error { return sameID(v.ID, id) }),
	}, func(s sdk.Client) (*sdkmodel.Vault, error) { return s.GetVaultByUUID(id) })
	if err != nil {
		return sdkmodel.Vault{}, err
	}
	return *vault, nil
}

// listItems lists a vault. subject is how errors call its items.
func (c *client) listItems(ctx context.Context, subject, vaultID string) ([]row, error) {
	var more []unmodelled
	items, err := send(ctx, c, request{
		subject: subject, limit: maxList, absent: provider.ScopeNotFound,
		check: jsonOf(func(rows []unmodelled) error {
			for _, row := range rows {
				if !idPattern.MatchString(row.ID) {
					return errors.New("an item without an id")
				}
			}
			more = rows
			return nil
		}),
	}, func(s sdk.Client) ([]sdkmodel.Item, error) { return s.GetItems(vaultID) })
	if err != nil {
		return nil, err
	}
	rows := make([]row, len(items))
	for i := range items {
		rows[i] = newRow(&items[i], more[i])
	}
	return rows, nil
}

func sameID(got, want string) error {
	if got != want {
		return errors.New("another id than the one that was asked for")
	}
	return nil
}
