package onepassword_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

// What describes an item is in the row of its list: it costs no request, and nothing of its fields is in it.
func TestMetadata(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	v := sim.AddVault("v")
	made := v.AddItem(connect.Item{Title: "app", Category: "NEW_CATEGORY", Tags: []string{"prod", "web"},
		URLs:   []connect.URL{{Href: "https://second.example"}, {Href: "https://first.example", Primary: true}, {Href: "https://third.example"}},
		Fields: []connect.Field{connect.Concealed("hidden label", "hidden value")}})
	plain := v.AddItem(connect.Item{Title: "plain"})
	of := func(kind provider.Kind, key, property string) provider.Need {
		return provider.Need{Kind: kind, Key: key, Property: property, Metadata: true}
	}
	all := map[string]string{
		"id": made.ID, "title": "app", "category": "NEW_CATEGORY", "vault": "v", "tags": `["prod","web"]`,
		"urls": `["https://first.example","https://second.example","https://third.example"]`, "version": "1",
		"createdAt": made.CreatedAt.Format(time.RFC3339Nano), "updatedAt": made.UpdatedAt.Format(time.RFC3339Nano),
	}
	s := seen(t, sim, "v")
	sim.Requests.Reset()

	whole, err := s.answer(t, of(provider.KindValue, "app", ""))
	require.NoError(t, err)
	require.NotContains(t, string(whole.Value.Bytes()), "hidden")
	var decoded map[string]any
	require.NoError(t, json.Unmarshal(whole.Value.Bytes(), &decoded))
	require.Empty(t, cmp.Diff(map[string]any{
		"id": made.ID, "title": "app", "category": "NEW_CATEGORY", "vault": "v", "tags": []any{"prod", "web"},
		"urls": []any{"https://first.example", "https://second.example", "https://third.example"}, "version": 1.0,
		"createdAt": all["createdAt"], "updatedAt": all["updatedAt"],
	}, decoded))
	require.Equal(t, "1", whole.Version)
	require.Equal(t, v.ID+"/"+made.ID+"/app", whole.ID)

	members, err := s.answer(t, of(provider.KindMap, made.ID, ""))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(all, opened(members.Map)))
	for name, want := range all {
		one, err := s.answer(t, of(provider.KindValue, "app", name))
		require.NoError(t, err)
		require.Equal(t, want, string(one.Value.Bytes()), name)
	}
	one, err := s.answer(t, of(provider.KindMap, "app", "title"))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(map[string]string{"title": "app"}, opened(one.Map)))
	empty, err := s.answer(t, of(provider.KindMap, plain.ID, "tags"))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(map[string]string{"tags": "[]"}, opened(empty.Map)))

	_, err = s.answer(t, of(provider.KindValue, "app", "password"))
	require.Contains(t, requireReason(t, provider.Invalid, err).Message, `no "password": it has category, createdAt, id,`)
	_, err = s.answer(t, of(provider.KindValue, "nope", ""))
	requireReason(t, provider.NotFound, err)
	requests(t, sim, map[string]int{})

	sim.EditItem("v", "app", func(i *connect.Item) { i.Tags = nil; i.URLs = nil })
	s.poll(t, false)
	edited, err := s.answer(t, of(provider.KindValue, "app", "urls"))
	require.NoError(t, err)
	require.Equal(t, "[]", string(edited.Value.Bytes()))
}
