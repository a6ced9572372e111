package infisical

import (
	"path"
	"strings"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// address is where a key is.
type address struct{ folder, name string }

// address reads the key of a remoteRef.
func (c *client) address(key string) (address, error) {
	slash := strings.LastIndexByte(key, '/')
	a := address{folder: c.path, name: key[slash+1:]}
	if a.name == "" || a.name == "." || a.name == ".." {
		return address{}, provider.Errorf(provider.Invalid, "key %q does not end in the name of a secret", key)
	}
	if slash >= 0 {
		a.folder = c.folder(key[:slash+1])
	}
	return a, nil
}

// folder reads a path that is absolute or below the store's own.
func (c *client) folder(p string) string {
	if strings.HasPrefix(p, "/") {
		return cleanFolder(p)
	}
	return path.Join(c.path, p)
}

// cleanFolder is a folder's path as Infisical writes it: "/a/b", and "/" for the root.
func cleanFolder(p string) string { return path.Clean("/" + p) }

// holds tells whether folder is outer, or below it.
func holds(outer, folder string) bool {
	return outer == "/" || folder == outer || strings.HasPrefix(folder, outer+"/")
}

// depth is the number of folders above.
func depth(folder string) int {
	if folder == "/" {
		return 0
	}
	return strings.Count(folder, "/")
}

// Scopes implements provider.Client. A key's folder is seen in a recursive list of it or of a folder above, where one is
// watched anyway, and else in its own list. A find has exactly its own.
func (c *client) Scopes(n provider.Need, known []provider.Scope) ([]provider.Scope, error) {
	if n.Kind == provider.KindFind {
		return []provider.Scope{c.findScope(n.Path)}, nil
	}
	a, err := c.address(n.Key)
	if err != nil {
		return nil, err
	}
	best := provider.Scope{Name: a.folder}
	for _, scope := range known {
		wider := !best.Recursive || len(scope.Name) < len(best.Name)
		if scope.Recursive && holds(scope.Name, a.folder) && wider {
			best = scope
		}
	}
	return []provider.Scope{best}, nil
}

// findScope is what a find sees. A path that holds secretsPath restricts nothing: what the store shows is below it.
func (c *client) findScope(p string) provider.Scope {
	scope := provider.Scope{Name: c.path, Recursive: c.recursive}
	if p != "" {
		if folder := c.folder(p); !holds(folder, c.path) {
			scope.Name = folder
		}
	}
	return scope
}

// possibleScopes are those that Scopes may have named for a folder.
func possibleScopes(folder string) []provider.Scope {
	scopes := []provider.Scope{{Name: folder}}
	for {
		scopes = append(scopes, provider.Scope{Name: folder, Recursive: true})
		if folder == "/" {
			return scopes
		}
		folder = path.Dir(folder)
	}
}
