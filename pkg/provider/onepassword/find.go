package onepassword

import (
	"regexp"
	"slices"
	"strings"

	"github.com/live-secrets/external-secrets-apiserver/pkg/pattern"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// search is what a find takes of the items that its path and tags select.
type search struct {
	// files asks for files instead of fields.
	files bool
	// documents tells whether items of the category DOCUMENT are taken into account.
	documents bool
	// name selects among labels, or names of files; nil matches everything.
	name *regexp.Regexp
}

// parseSearch reads the name of a find. Without a prefix it means the fields of items that are no documents: of these ESO
// finds nothing, since it takes files from lists, which have none, and a Secret that it wrote is not to change. A regexp
// that begins with "file/" or "field/" asks for files, or for fields, of every item, and the rest of it is matched. A "^"
// before the prefix stays with the rest.
func parseSearch(name string) (search, error) {
	s := search{}
	bare, anchored := strings.CutPrefix(name, "^")
	if rest, ok := strings.CutPrefix(bare, filePrefix); ok {
		s.files, s.documents, name = true, true, rest
	} else if rest, ok := strings.CutPrefix(bare, fieldPrefix); ok {
		s.documents, name = true, rest
	}
	if anchored && s.documents {
		name = "^" + name
	}
	if name == "" {
		return s, nil
	}
	compiled, err := pattern.Compile(name)
	if err != nil {
		return search{}, provider.Errorf(provider.Invalid, "find.name.regexp: %v", err)
	}
	s.name = compiled.Regexp
	return s, nil
}

// find answers a find: the fields by label, or the files by name, of every item that the path (a title) and the tags select,
// in all vaults. Of one name the first wins, in the order of the vaults. Every vault could hold something that matches, so
// each must have been seen.
func (c *client) find(n provider.Need, view provider.View) (provider.Answer, []provider.WantedPart, error) {
	s, err := parseSearch(n.Name)
	if err != nil {
		return provider.Answer{}, nil, err
	}
	selected, err := c.selectRows(n, s, view)
	if err != nil {
		return provider.Answer{}, nil, err
	}
	r := &reader{view: view}
	items := make([]*item, len(selected))
	for i, at := range selected {
		r.scope = at.scope
		if items[i], err = r.item(at.row); err != nil {
			return provider.Answer{}, nil, err
		}
	}
	// Which files are needed shows only when all items are there.
	if len(r.wanted) > 0 {
		return provider.Answer{}, r.wanted, nil
	}
	out := map[string]value.Value{}
	for i, at := range selected {
		r.scope = at.scope
		if err := r.collect(items[i], s, out); err != nil {
			return provider.Answer{}, nil, err
		}
	}
	if len(r.wanted) > 0 {
		return provider.Answer{}, r.wanted, nil
	}
	return provider.Answer{Map: out}, nil, nil
}

// selectRows is the active rows that path and tags select, in the order of the vaults.
func (c *client) selectRows(n provider.Need, s search, view provider.View) ([]place, error) {
	tags := n.TagNames()
	var selected []place
	for _, scope := range c.scopes {
		p, err := pictureOf(view, scope)
		if err != nil {
			return nil, err
		}
		for _, r := range p.rows {
			if r.active() && (n.Path == "" || n.Path == r.title) && r.tagged(tags) && (s.documents || !r.document()) {
				selected = append(selected, place{scope: scope, picture: p, row: r})
			}
		}
	}
	return selected, nil
}

// tagged tells whether the row has all of the tags.
func (r row) tagged(tags []string) bool {
	for _, tag := range tags {
		if !slices.Contains(r.tags, tag) {
			return false
		}
	}
	return true
}

// collect adds the fields or files of an item whose names match and are not taken.
func (r *reader) collect(i *item, s search, out map[string]value.Value) error {
	entries := i.fields
	if s.files {
		entries = i.files
	}
	for _, e := range entries {
		if _, taken := out[e.name]; taken || e.name == "" || s.name != nil && !s.name.MatchString(e.name) {
			continue
		}
		var err error
		if out[e.name], err = r.content(i.title, i, e, s.files); err != nil {
			return err
		}
	}
	return nil
}
