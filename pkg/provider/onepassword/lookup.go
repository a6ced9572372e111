package onepassword

import (
	"slices"
	"strings"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// Lookup implements provider.Client.
func (c *client) Lookup(n provider.Need, view provider.View) (provider.Answer, []provider.WantedPart, error) {
	if _, err := c.Scopes(n, nil); err != nil {
		return provider.Answer{}, nil, err
	}
	if n.Kind == provider.KindFind {
		return c.find(n, view)
	}
	at, err := c.locate(n.Key, view)
	if err != nil {
		return provider.Answer{}, nil, err
	}
	if n.Metadata {
		answer, err := describe(n, at)
		return answer, nil, err
	}
	r := reader{view: view, scope: at.scope, now: c.now}
	i, err := r.item(at.row)
	if i == nil {
		return provider.Answer{}, r.wanted, err
	}
	answer := provider.Answer{Version: versionText(i.version), Updated: i.updated, ID: identityOf(at).String(), Scope: at.scope}
	if n.Kind == provider.KindValue {
		answer.Value, answer.Origin, err = r.value(n, i)
	} else {
		answer.Map, err = r.all(n, i)
	}
	if err != nil || len(r.wanted) > 0 {
		return provider.Answer{}, r.wanted, err
	}
	return answer, nil, nil
}

// place is where a key was found.
type place struct {
	scope   provider.Scope
	picture *picture
	row     row
}

// locate finds the item of a key: by id where the key looks like one and some vault has it, else by title in the first
// vault that has one. A vault that could not be seen matters only while no vault before it, or for an id no vault at all,
// has the key.
func (c *client) locate(key string, view provider.View) (place, error) {
	if idPattern.MatchString(key) {
		found, err := c.locateID(key, view)
		if err != nil || found.picture != nil {
			return found, err
		}
	}
	for _, scope := range c.scopes {
		p, err := pictureOf(view, scope)
		if err != nil {
			return place{}, err
		}
		switch titled := p.byTitle[key]; len(titled) {
		case 0:
		case 1:
			return place{scope: scope, picture: p, row: p.rows[titled[0]]}, nil
		default:
			return place{}, provider.Errorf(provider.Invalid, "vault %q has %d items with the title %q: name the one that is meant by its id", scope.Name, len(titled), key)
		}
	}
	return place{}, c.errNoItemOf(key, view)
}

// errNoItemOf is the absence of a key from every vault. An archived item is absent, too, where Connect lists it.
func (c *client) errNoItemOf(key string, view provider.View) error {
	absent := provider.Errorf(provider.NotFound, "no item with the title or id %q in the %s %s", key, plural("vault", len(c.scopes)), c.vaultNames())
	for _, scope := range c.scopes {
		p, err := pictureOf(view, scope)
		if err == nil && slices.ContainsFunc(p.rows, func(r row) bool { return r.id == key || r.title == key }) {
			absent.Message += ": it is archived"
			break
		}
	}
	return absent
}

// locateID finds an item by id. An id is in one vault, so that one which failed matters only when no other has it. Without
// an item and an error, every vault was seen and none has the id.
func (c *client) locateID(id string, view provider.View) (place, error) {
	var failed error
	for _, scope := range c.scopes {
		p, err := pictureOf(view, scope)
		if err != nil {
			if failed == nil {
				failed = err
			}
			continue
		}
		if n, ok := p.byID[id]; ok && p.rows[n].active() {
			return place{scope: scope, picture: p, row: p.rows[n]}, nil
		}
	}
	return place{}, failed
}

func pictureOf(view provider.View, scope provider.Scope) (*picture, error) {
	seen, err := view.Picture(scope)
	if err != nil {
		return nil, err
	}
	if p, ok := seen.(*picture); ok && p != nil {
		return p, nil
	}
	return nil, provider.Errorf(provider.Unavailable, "vault %q was not seen yet", scope.Name)
}

func (c *client) vaultNames() string {
	names := make([]string, len(c.scopes))
	for i, scope := range c.scopes {
		names[i] = quoted("", scope.Name)
	}
	return strings.Join(names, ", ")
}

// reader reads parts of one scope out of a view, and notes those that are not there yet.
type reader struct {
	view   provider.View
	scope  provider.Scope
	now    func() time.Time
	wanted []provider.WantedPart
}

// load is the part, or what notes it where it is not there yet: then the part is nil, and no error.
func load[T provider.Part](r *reader, id provider.PartID) (T, error) {
	var none T
	part, err, ok := r.view.Part(r.scope, id)
	switch typed, is := part.(T); {
	case !ok:
		r.wanted = append(r.wanted, provider.WantedPart{Scope: r.scope, ID: id})
		return none, nil
	case err != nil:
		return none, err
	case is:
		return typed, nil
	}
	return none, provider.Errorf(provider.Unavailable, "a part of vault %q is not what it should be", r.scope.Name)
}

func (r *reader) item(of row) (*item, error) { return load[*item](r, itemPart(of)) }

func (r *reader) file(key string, i *item, file entry) (value.Value, error) {
	if file.fileSize > maxFile {
		return value.Value{}, provider.Errorf(provider.Invalid, "item %q: a file has %d bytes, and no more than %d are read", key, file.fileSize, maxFile)
	}
	loaded, err := load[*content](r, i.filePart(file))
	if loaded == nil {
		return value.Value{}, err
	}
	return loaded.value, nil
}

// value is one field or file of an item, or the one-time code of a field beside what it is computed from. Without a
// property it is the field "password", and of a document its first file.
func (r *reader) value(n provider.Need, i *item) (v, origin value.Value, err error) {
	p := parseProperty(n.Property, i.document)
	if p.file {
		v, err = r.oneFile(n.Key, p, i)
		return v, value.Value{}, err
	}
	if p.name == "" {
		p.name = defaultLabel
	}
	if base, ok := p.oneTime(i.fields); ok {
		return base.code(n, i.fields, r.now())
	}
	found, err := p.among(n.Key, i.fields)
	return found.value, value.Value{}, err
}

// content is what a field or a file holds.
func (r *reader) content(key string, i *item, e entry, isFile bool) (value.Value, error) {
	if isFile {
		return r.file(key, i, e)
	}
	return e.value, nil
}

func (r *reader) oneFile(key string, p property, i *item) (value.Value, error) {
	if p.name == "" {
		if len(i.files) == 0 {
			return value.Value{}, provider.Errorf(provider.Invalid, "item %q has no file", key)
		}
		return r.file(key, i, i.files[0])
	}
	found, err := p.among(key, i.files)
	if err != nil {
		return value.Value{}, err
	}
	return r.file(key, i, found)
}

// all is every field of an item by label, or every file of a document by name; with a property, that one alone under its
// own name. Fields without a label cannot be named and are left out.
func (r *reader) all(n provider.Need, i *item) (map[string]value.Value, error) {
	p := parseProperty(n.Property, i.document)
	entries := i.fields
	if p.file {
		entries = i.files
	} else if _, ok := p.oneTime(i.fields); ok {
		return nil, provider.Errorf(provider.Invalid, "item %q: a one-time code is one value: take property %q with spec.data", n.Key, n.Property)
	}
	if p.name != "" {
		found, err := p.among(n.Key, entries)
		if err != nil {
			return nil, err
		}
		entries = []entry{found}
	}
	out := make(map[string]value.Value, len(entries))
	for _, e := range entries {
		if e.name == "" {
			continue
		}
		if _, taken := out[e.name]; taken {
			return nil, provider.Errorf(provider.Invalid,
				"item %q has more than one %s of the same name: take what is needed one by one, with the property \"%s/SECTION/NAME\"", n.Key, p.what(), p.what())
		}
		var err error
		if out[e.name], err = r.content(n.Key, i, e, p.file); err != nil {
			return nil, err
		}
	}
	return out, nil
}
