package onepassword

import (
	"fmt"
	"strings"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// List implements provider.Client. A key is an item's title where that leads to the item, and its id where the title is not
// unique or an earlier vault has it too. Where a vault could not be seen, the items of the others are returned with its error.
func (c *client) List(view provider.View) ([]provider.RemoteKey, error) {
	var keys []provider.RemoteKey
	var failed error
	for _, scope := range c.scopes {
		p, err := pictureOf(view, scope)
		if err != nil {
			if failed == nil {
				failed = err
			}
			continue
		}
		for _, r := range p.rows {
			if !r.active() {
				continue
			}
			key := r.title
			if at, err := c.locate(key, view); err != nil || at.row.id != r.id {
				key = r.id
			}
			keys = append(keys, provider.RemoteKey{Key: key, Scope: scope.Name, Version: versionText(r.version), Updated: r.updated})
		}
	}
	return keys, failed
}

func quoted(what, name string) string {
	return strings.TrimPrefix(fmt.Sprintf("%s %q", what, name), " ")
}

func plural(what string, n int) string {
	if n == 1 {
		return what
	}
	return what + "s"
}
