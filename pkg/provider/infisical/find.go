package infisical

import (
	"github.com/live-secrets/external-secrets-apiserver/pkg/pattern"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// find answers a KindFind: one value for each key, the preferred one of those that match.
func (c *client) find(n provider.Need, view provider.View) (provider.Answer, []provider.WantedPart, error) {
	name, err := pattern.Compile(n.Name)
	if err != nil {
		return provider.Answer{}, nil, provider.Errorf(provider.Invalid, "find.name.regexp: %s", err)
	}
	scope := c.findScope(n.Path)
	shown, err := view.Picture(scope)
	if err != nil {
		return provider.Answer{}, nil, err
	}
	seen, err := asPicture(shown)
	if err != nil {
		return provider.Answer{}, nil, err
	}
	if len(seen.direct) == 0 {
		// A recursive list of a folder that is not there is empty too: the folder's own list tells.
		if _, wanted, err := ownList(view, seen, scope.Name); err != nil || wanted != nil {
			return provider.Answer{}, wanted, err
		}
	}

	tags := n.TagNames()
	answer := provider.Answer{Map: map[string]value.Value{}, Scope: scope}
	take := func(secrets map[string]*secret) error {
		for key, s := range secrets {
			if _, taken := answer.Map[key]; taken || !name.MatchString(key) || !s.tagged(tags) {
				continue
			}
			if s.hidden {
				return provider.Errorf(provider.Forbidden, "a find matches key %q of folder %q, whose value is hidden from this identity", key, s.folder)
			}
			answer.Map[key] = s.value
		}
		return nil
	}
	for _, folder := range seen.folders() {
		if err := take(seen.direct[folder]); err != nil {
			return provider.Answer{}, nil, err
		}
	}
	if err := take(seen.imported); err != nil {
		return provider.Answer{}, nil, err
	}
	return answer, nil, nil
}
