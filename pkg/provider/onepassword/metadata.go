package onepassword

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// describe answers a need for what describes an item, from its row alone: a JSON object, or with a property one of its
// members. Nothing of it is from a field.
func describe(n provider.Need, at place) (provider.Answer, error) {
	r := at.row
	all := map[string]any{
		"id": r.id, "title": r.title, "category": r.category, "vault": at.scope.Name, "version": r.version,
		"tags": orEmpty(r.tags), "urls": orEmpty(r.urls), "createdAt": timestamp(r.created), "updatedAt": timestamp(r.updated),
	}
	answer := provider.Answer{Version: versionText(r.version), Updated: r.updated, ID: identityOf(at).String(), Scope: at.scope}
	selected := all
	if n.Property != "" {
		member, ok := all[n.Property]
		if !ok {
			return provider.Answer{}, provider.Errorf(provider.Invalid, "the metadata of item %q has no %q: it has %s",
				n.Key, n.Property, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
		}
		selected = map[string]any{n.Property: member}
	}
	switch {
	case n.Kind == provider.KindMap:
		answer.Map = make(map[string]value.Value, len(selected))
		for name, member := range selected {
			answer.Map[name] = textOrJSON(member)
		}
	case n.Property != "":
		answer.Value = textOrJSON(selected[n.Property])
	default:
		answer.Value = textOrJSON(all)
	}
	return answer, nil
}

// textOrJSON is a string as it is, and anything else as JSON.
func textOrJSON(member any) value.Value {
	if text, ok := member.(string); ok {
		return value.FromString(text)
	}
	encoded, _ := json.Marshal(member) // Strings and numbers, and lists and maps of them, always encode.
	return value.New(encoded)
}

// orEmpty makes no list an empty one, which JSON tells apart.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// timestamp is a time in RFC 3339, and empty where the server tells none.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
