package onepassword

import (
	"strings"
	"testing"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// FuzzProperty looks for any property among fields of any label: what is found is what was named, its own full name finds
// it again where nothing else has that name, and a failure names nothing that the property does not.
func FuzzProperty(f *testing.F) {
	for _, s := range [][3]string{
		{"password", "password", "login"}, {"field/a/b", "b", "a"}, {"file/x.pem", "x.pem", ""}, {"/name", "name", ""}, {"", "", ""},
		{"field/field/x", "x", "field"}, {"a/b/c", "b/c", "a"}, {"file/", "", "file"}, {"field//x", "/x", ""},
	} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, text, label, section string) {
		entries := []entry{
			{name: label, section: section, sectionID: "id1"}, {name: label, section: "canary-7f3a", sectionID: "id2"}, {name: "other", section: section},
		}
		for _, document := range []bool{false, true} {
			p := parseProperty(text, document)
			if !strings.HasSuffix(text, p.name) || len(text)-len(p.name) > len(fieldPrefix) {
				t.Fatalf("%q is taken for %q", text, p.name)
			}
			found, err := p.among("item", entries)
			if err != nil {
				if provider.ReasonOf(err) != provider.Invalid || strings.Contains(err.Error(), "canary") && !strings.Contains(text, "canary") {
					t.Fatalf("%v is %s", err, provider.ReasonOf(err))
				}
				continue
			}
			if found.name != p.name && !found.addressed(p.name) {
				t.Fatalf("%q finds %q in section %q", p.name, found.name, found.section)
			}
		}
		// The id of a section and the label name one entry, unless something bears that as its label.
		address := property{name: "id1/" + label}
		named := matching(entries, func(e entry) bool { return e.name == address.name })
		addressed := matching(entries, func(e entry) bool { return e.addressed(address.name) })
		if found, err := address.among("item", entries); len(named) == 0 && len(addressed) == 1 && (err != nil || found.sectionID != "id1") {
			t.Fatalf("%q finds %+v (%v)", address.name, found, err)
		}
	})
}
