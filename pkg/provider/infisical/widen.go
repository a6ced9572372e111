package infisical

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// More than mostFolders folders below a common one are seen in one recursive list, until there are fewer than fewestFolders.
const (
	mostFolders   = 4
	fewestFolders = 3
)

var _ provider.Widener = (*client)(nil)

// Wider implements provider.Widener. It chooses the deepest folders that will do, none above the store's own: a recursive
// list brings every value below its folder into memory.
func (c *client) Wider(narrow, using []provider.Scope) []provider.Wide {
	left := map[string]bool{}
	for _, scope := range narrow {
		if !scope.Recursive {
			left[scope.Name] = true
		}
	}
	var chosen []provider.Wide
	take := func(above string, least int) {
		var instead []provider.Scope
		for _, folder := range slices.Sorted(maps.Keys(left)) {
			if holds(above, folder) {
				instead = append(instead, provider.Scope{Name: folder})
			}
		}
		if len(instead) < least {
			return
		}
		chosen = append(chosen, provider.Wide{Scope: provider.Scope{Name: above, Recursive: true}, Instead: instead})
		for _, scope := range instead {
			delete(left, scope.Name)
		}
	}
	for _, scope := range using {
		take(scope.Name, fewestFolders)
	}
	for _, above := range c.foldersAbove(left) {
		take(above, mostFolders+1)
	}
	return chosen
}

// foldersAbove are the folders that hold some of those, the deepest first.
func (c *client) foldersAbove(folders map[string]bool) []string {
	above := map[string]bool{}
	for folder := range folders {
		for ; holds(c.path, folder) && !above[folder]; folder = path.Dir(folder) {
			above[folder] = true
			if folder == "/" {
				break
			}
		}
	}
	return slices.SortedFunc(maps.Keys(above), func(a, b string) int {
		return cmp.Or(cmp.Compare(depth(b), depth(a)), strings.Compare(a, b))
	})
}

// Shows implements provider.Widener. A recursive list leaves out what may not be read, and does not show a change there: a
// folder of which it has nothing is better seen by itself.
func (c *client) Shows(wide provider.Picture, narrow provider.Scope) bool {
	seen, _ := wide.(*picture)
	return seen != nil && len(seen.direct[narrow.Name]) > 0
}
