package infisical

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/live-secrets/external-secrets-apiserver/pkg/pattern"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// Lookup implements provider.Client.
func (c *client) Lookup(n provider.Need, view provider.View) (provider.Answer, []provider.WantedPart, error) {
	if n.Kind == provider.KindFind {
		answer, err := c.find(n, view)
		return answer, nil, err
	}
	found, wanted, err := c.lookupKey(n, view)
	if err != nil || wanted != nil {
		return provider.Answer{}, wanted, err
	}
	answer := provider.Answer{
		Version: strconv.Itoa(found.version), Updated: found.updated, ID: found.id, Scope: found.scope,
	}
	switch n.Kind {
	case provider.KindValue:
		answer.Value, err = property(found.value, n.Key, n.Property)
	case provider.KindMap:
		answer.Map, err = properties(found.value, n.Key, n.Property)
	default:
		err = provider.Errorf(provider.Invalid, "%q is not a kind of need", n.Kind)
	}
	if err != nil {
		return provider.Answer{}, nil, err
	}
	return answer, nil, nil
}

// foundSecret is a secret and the scope that it was found in.
type foundSecret struct {
	*secret
	scope provider.Scope
}

// lookupKey finds the secret of a Need's key, at the Need's version.
func (c *client) lookupKey(n provider.Need, view provider.View) (foundSecret, []provider.WantedPart, error) {
	none := foundSecret{}
	a, err := c.address(n.Key)
	if err != nil {
		return none, nil, err
	}
	version, err := parseVersion(n)
	if err != nil {
		return none, nil, err
	}
	seen, err := seenFolder(view, a.folder)
	if err != nil {
		return none, nil, err
	}

	s := seen.own(a)
	if s == nil {
		folder, wanted, err := ownList(view, seen, a.folder)
		if err != nil || wanted != nil {
			return none, wanted, err
		}
		s = folder.lookup(a)
	}
	switch {
	case s == nil:
		return none, nil, provider.Errorf(provider.NotFound, "key %q is not there: folder %q of environment %q in project %q has no secret %q",
			n.Key, a.folder, c.environment, c.project, a.name)
	case s.hidden:
		return none, nil, provider.Errorf(provider.Forbidden, "the value of key %q is hidden from this identity", n.Key)
	case version == 0 || version == s.version:
		return foundSecret{s, seen.scope}, nil, nil
	}
	s, wanted, err := atVersion(view, seen, a, version)
	if err != nil || wanted != nil {
		return none, wanted, err
	}
	if s.hidden {
		return none, nil, provider.Errorf(provider.Forbidden, "the value of key %q at version %d is hidden from this identity", n.Key, version)
	}
	return foundSecret{s, seen.scope}, nil, nil
}

// parseVersion is the version of a Need, 0 for the latest.
func parseVersion(n provider.Need) (int, error) {
	if n.Version == "" {
		return 0, nil
	}
	version, err := strconv.ParseInt(n.Version, 10, 32)
	if err != nil || version < 1 {
		return 0, provider.Errorf(provider.Invalid, "version %q of key %q is not a whole number from 1", n.Version, n.Key)
	}
	return int(version), nil
}

// seenFolder is the picture of the one scope that Scopes named for a key in folder.
func seenFolder(view provider.View, folder string) (*picture, error) {
	var failure error
	for _, scope := range possibleScopes(folder) {
		seen, err := view.Picture(scope)
		switch {
		case err == nil && seen != nil:
			return asPicture(seen)
		case err != nil && (failure == nil || errors.Is(failure, provider.ErrScopeNotNamed)):
			failure = err
		}
	}
	if failure == nil {
		failure = provider.Errorf(provider.Unavailable, "folder %q was not looked at yet", folder)
	}
	return nil, failure
}

func asPicture(shown any) (*picture, error) {
	if p, ok := shown.(*picture); ok {
		return p, nil
	}
	return nil, provider.Errorf(provider.Invalid, "what was seen is not a list of Infisical's")
}

// ownList is the list of folder itself, for a key that is not among the folder's own secrets in what was seen of it.
func ownList(view provider.View, seen *picture, folder string) (*picture, []provider.WantedPart, error) {
	if !seen.scope.Recursive {
		return seen, nil, nil
	}
	id := partID{Picture: seen.version, Folder: folder}.String()
	part, err, ok := view.Part(seen.scope, id)
	switch {
	case !ok:
		return nil, []provider.WantedPart{{Scope: seen.scope, ID: id}}, nil
	case err != nil:
		return nil, nil, err
	}
	p, err := asPicture(part)
	return p, nil, err
}

// atVersion is an earlier version of a secret.
func atVersion(view provider.View, seen *picture, a address, version int) (*secret, []provider.WantedPart, error) {
	id := partID{Picture: seen.version, Folder: a.folder, Name: a.name, Version: version}.String()
	part, err, ok := view.Part(seen.scope, id)
	switch {
	case !ok:
		return nil, []provider.WantedPart{{Scope: seen.scope, ID: id}}, nil
	case err != nil:
		return nil, nil, err
	}
	p, ok := part.(versionPart)
	if !ok {
		return nil, nil, provider.Errorf(provider.Invalid, "what was read is not a secret of Infisical's")
	}
	return p.secret, nil, nil
}

// find answers a KindFind: one value for each key, the preferred one of those that match.
func (c *client) find(n provider.Need, view provider.View) (provider.Answer, error) {
	name, err := pattern.Compile(n.Name)
	if err != nil {
		return provider.Answer{}, provider.Errorf(provider.Invalid, "find.name.regexp: %s", err)
	}
	scope := c.findScope(n.Path)
	shown, err := view.Picture(scope)
	if err != nil {
		return provider.Answer{}, err
	}
	seen, err := asPicture(shown)
	if err != nil {
		return provider.Answer{}, err
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
			return provider.Answer{}, err
		}
	}
	if err := take(seen.imported); err != nil {
		return provider.Answer{}, err
	}
	return answer, nil
}

// properties is the object in v, or at a path in it, by its keys: strings as they are, everything else as JSON.
func properties(v value.Value, key, path string) (map[string]value.Value, error) {
	if path != "" {
		var err error
		if v, err = property(v, key, path); err != nil {
			return nil, err
		}
	}
	var raw map[string]json.RawMessage
	// Decoding errors show what they stumble over.
	if err := json.Unmarshal(v.Bytes(), &raw); err != nil || raw == nil {
		if path != "" {
			return nil, provider.Errorf(provider.Invalid, "property %q of key %q is not a JSON object", path, key)
		}
		return nil, provider.Errorf(provider.Invalid, "the value of key %q is not a JSON object", key)
	}
	fields := make(map[string]value.Value, len(raw))
	for name, content := range raw {
		var text string
		if content[0] == '"' && json.Unmarshal(content, &text) == nil {
			fields[name] = value.FromString(text)
			continue
		}
		fields[name] = value.New(content)
	}
	return fields, nil
}
