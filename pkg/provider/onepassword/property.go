package onepassword

import (
	"slices"
	"strings"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

const (
	fieldPrefix = "field/"
	filePrefix  = "file/"
	// defaultLabel is the field that a key without a property means.
	defaultLabel = "password"
)

// property is the property of a remoteRef, taken apart.
type property struct {
	file bool
	name string
}

// parseProperty takes a property apart: "field/NAME" and "file/NAME" say what is meant; a bare NAME is a file of a document
// and a field of everything else.
func parseProperty(text string, document bool) property {
	if name, ok := strings.CutPrefix(text, fieldPrefix); ok {
		return property{name: name}
	}
	if name, ok := strings.CutPrefix(text, filePrefix); ok {
		return property{file: true, name: name}
	}
	return property{file: document, name: text}
}

func (p property) what() string {
	if p.file {
		return "file"
	}
	return "field"
}

// matches is the entries that the property names: by label (or file name), else by SECTION/LABEL, where SECTION is the label
// or the id of a section, and empty for an entry outside of any.
func (p property) matches(entries []entry) []entry {
	found := matching(entries, func(e entry) bool { return e.name == p.name })
	if len(found) == 0 {
		found = matching(entries, func(e entry) bool { return e.addressed(p.name) })
	}
	return found
}

// among finds the one entry that the property names.
func (p property) among(key string, entries []entry) (entry, error) {
	found := p.matches(entries)
	switch {
	case len(found) == 0:
		return entry{}, provider.Errorf(provider.Invalid, "item %q has no %s %q", key, p.what(), p.name)
	case len(found) == 1:
		return found[0], nil
	case !slices.ContainsFunc(found[1:], func(e entry) bool { return e.sectionID != found[0].sectionID }):
		return entry{}, provider.Errorf(provider.Invalid,
			"item %q has %d %ss %q in one section: rename all but one of them in 1Password", key, len(found), p.what(), p.name)
	}
	return entry{}, provider.Errorf(provider.Invalid,
		"item %q has %d %ss %q: name the one that is meant as \"%s/SECTION/NAME\", where SECTION is the label or the id of its section, or empty outside of any",
		key, len(found), p.what(), p.name, p.what())
}

func matching(entries []entry, matches func(entry) bool) []entry {
	var found []entry
	for _, e := range entries {
		if matches(e) {
			found = append(found, e)
		}
	}
	return found
}

// addressed tells whether SECTION/LABEL is the address of the entry. Both parts may hold slashes.
func (e entry) addressed(address string) bool {
	section, ok := strings.CutSuffix(address, "/"+e.name)
	return ok && (section == e.section || e.sectionID != "" && section == e.sectionID)
}
