package infisical

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// ListScopes implements provider.Client. A recursive list does not tell what the store's own folder imports.
func (c *client) ListScopes() []provider.Scope {
	scopes := []provider.Scope{{Name: c.path}}
	if c.recursive {
		scopes = append(scopes, provider.Scope{Name: c.path, Recursive: true})
	}
	return scopes
}

// List implements provider.Client: keys of the store's own folder by name, those of folders below by their whole path.
// What folders below import is not listed, though it can be read.
func (c *client) List(view provider.View) ([]provider.RemoteKey, error) {
	var keys []provider.RemoteKey
	for _, scope := range c.ListScopes() {
		shown, err := view.Picture(scope)
		if err != nil {
			return nil, err
		}
		seen, err := asPicture(shown)
		if err != nil {
			return nil, err
		}
		if !scope.Recursive {
			keys = append(keys, c.ownKeys(seen)...)
			continue
		}
		for folder, secrets := range seen.direct {
			if folder == c.path {
				continue
			}
			for _, s := range secrets {
				keys = append(keys, remoteKey(path.Join(folder, s.key), folder, s))
			}
		}
	}
	slices.SortFunc(keys, func(a, b provider.RemoteKey) int {
		return cmp.Or(strings.Compare(a.Scope, b.Scope), strings.Compare(a.Key, b.Key))
	})
	return keys, nil
}

// ownKeys are the keys of the store's folder, with those that it imports.
func (c *client) ownKeys(seen *picture) []provider.RemoteKey {
	var keys []provider.RemoteKey
	for _, s := range seen.direct[c.path] {
		keys = append(keys, remoteKey(s.key, c.path, s))
	}
	for _, s := range seen.imported {
		if seen.direct[c.path][s.key] == nil {
			keys = append(keys, remoteKey(s.key, c.path, s))
		}
	}
	return keys
}

func remoteKey(key, folder string, s *secret) provider.RemoteKey {
	return provider.RemoteKey{Key: key, Scope: folder, Version: strconv.Itoa(s.version), Updated: s.updated}
}
