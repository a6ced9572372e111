package onepassword

import (
	"regexp"
	"slices"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// find answers a find: the fields and files, by label and name, of every item that the path (a title) and the tags select,
// in all vaults. Of one name the first wins, in the order of the vaults, and of an item its fields go before its files.
// Every vault could hold something that matches, so each must have been seen.
func (c *client) find(n provider.Need, view provider.View) (provider.Answer, []provider.WantedPart, error) {
	name, err := compileName(n.Name)
	if err != nil {
		return provider.Answer{}, nil, err
	}
	selected, err := c.selectRows(n, view)
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
		if err := r.collect(items[i], name, out); err != nil {
			return provider.Answer{}, nil, err
		}
	}
	if len(r.wanted) > 0 {
		return provider.Answer{}, r.wanted, nil
	}
	return provider.Answer{Map: out}, nil, nil
}

// selectRows is the active rows that path and tags select, in the order of the vaults.
func (c *client) selectRows(n provider.Need, view provider.View) ([]place, error) {
	tags := n.TagNames()
	var selected []place
	for _, scope := range c.scopes {
		p, err := pictureOf(view, scope)
		if err != nil {
			return nil, err
		}
		for _, r := range p.rows {
			if r.active() && (n.Path == "" || n.Path == r.title) && r.tagged(tags) {
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

// collect adds the fields and files of an item whose names match and are not taken.
func (r *reader) collect(i *item, name *regexp.Regexp, out map[string]value.Value) error {
	free := func(e entry) bool {
		_, taken := out[e.name]
		return !taken && e.name != "" && (name == nil || name.MatchString(e.name))
	}
	for _, field := range i.fields {
		if free(field) {
			out[field.name] = field.value
		}
	}
	for _, file := range i.files {
		if !free(file) {
			continue
		}
		content, err := r.file(i.id, i, file)
		if err != nil {
			return err
		}
		out[file.name] = content
	}
	return nil
}
