package infisical

import (
	"errors"
	"strconv"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Lookup implements provider.Client.
func (c *client) Lookup(n provider.Need, view provider.View) (provider.Answer, []provider.WantedPart, error) {
	if n.Kind == provider.KindFind {
		return c.find(n, view)
	}
	found, wanted, err := c.lookupKey(n, view)
	if err != nil || wanted != nil {
		return provider.Answer{}, wanted, err
	}
	answer := provider.Answer{
		Version: strconv.Itoa(found.version), Updated: found.updated, ID: found.id, Scope: found.scope,
	}
	asked := content{found.value, "value", n.Key}
	if n.Metadata {
		asked = content{found.describe(), "metadata", n.Key}
	}
	switch n.Kind {
	case provider.KindValue:
		answer.Value, err = asked.property(n.Property)
	case provider.KindMap:
		answer.Map, err = asked.properties(n.Property)
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
	case s.hidden && !n.Metadata:
		return none, nil, provider.Errorf(provider.Forbidden, "the value of key %q is hidden from this identity", n.Key)
	case version == 0 || version == s.version:
		return foundSecret{s, seen.scope}, nil, nil
	}
	s, wanted, err := atVersion(view, seen, a, version)
	if err != nil || wanted != nil {
		return none, wanted, err
	}
	if s.hidden && !n.Metadata {
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
