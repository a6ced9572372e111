package onepassword

import (
	"strings"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// identity is the item that a key led to: what Answer.ID holds.
type identity struct {
	vaultID, itemID, title string
}

func (i identity) String() string { return i.vaultID + "/" + i.itemID + "/" + i.title }

// parseIdentity reads an Answer.ID. A title may hold slashes.
func parseIdentity(text string) (identity, bool) {
	vaultID, rest, _ := strings.Cut(text, "/")
	itemID, title, _ := strings.Cut(rest, "/")
	return identity{vaultID, itemID, title}, idPattern.MatchString(vaultID) && idPattern.MatchString(itemID)
}

// identityOf is the identity of what a key led to.
func identityOf(at place) identity {
	return identity{vaultID: at.picture.vaultID, itemID: at.row.id, title: at.row.title}
}

// matches tells whether a row is the item, or one that took its place: an item that is moved to another vault gets a new id.
func (i identity) matches(r row) bool {
	return r.id == i.itemID || r.title == i.title && r.active()
}

// errStillThere is the refusal to call a key gone whose item is known to be somewhere. It says no more of where than the
// spec already does.
func errStillThere(key, format string, args ...any) error {
	failed := provider.Errorf(provider.Invalid, format, args...)
	failed.Message = "key " + quoted("", key) + ": " + failed.Message + ": nothing is deleted"
	return failed
}
