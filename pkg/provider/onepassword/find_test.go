package onepassword_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

// A find takes fields of items that are no documents unless it says otherwise, and fetches nothing that it does not take.
func TestFind(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	furnish(sim)
	prod := map[string]string{"prod": "whatever"}
	fieldsOfProd := map[string]string{"username": "wendy", "password": "open sesame", "notesPlain": "", "a.b/c": "dots and slashes",
		"one-time password": uri, "port": "5432"}
	filesOfProd := map[string]string{"ca.crt": "first certificate", "key.pem": "\x00\x01\xff\n", "empty": ""}
	for name, c := range map[string]struct {
		need provider.Need
		want map[string]string
		// items and files are what is fetched.
		items, files int
	}{
		"by path, in every vault": {need: provider.FindNeed("both", "", nil), items: 2,
			want: map[string]string{"password": "of the first", "port": "5432"}},
		"by path and name":            {need: provider.FindNeed("app", "^user", nil), items: 1, want: map[string]string{"username": "wendy"}},
		"by tag, in every vault":      {need: provider.FindNeed("", "", prod), items: 2, want: fieldsOfProd},
		"by all of the tags":          {need: provider.FindNeed("", "^pass", map[string]string{"prod": "", "web": ""}), items: 1, want: map[string]string{"password": "open sesame"}},
		"by path and tag":             {need: provider.FindNeed("both", "", map[string]string{"prod": ""}), items: 1, want: map[string]string{"password": "of the second", "port": "5432"}},
		"title is matched whole":      {need: provider.FindNeed("bot", "", nil), want: map[string]string{}},
		"title in another case":       {need: provider.FindNeed("APP", "", nil), want: map[string]string{}},
		"tag that nothing has":        {need: provider.FindNeed("", "", map[string]string{"web": "", "none": ""}), want: map[string]string{}},
		"within an item, first wins":  {need: provider.FindNeed("sections", "url", nil), items: 1, want: map[string]string{"url": "outside"}},
		"titles are not matched":      {need: provider.FindNeed("app", "app", nil), items: 1, want: map[string]string{}},
		"a name is not anchored":      {need: provider.FindNeed("app", "ord", nil), items: 1, want: map[string]string{"password": "open sesame", "one-time password": uri}},
		"a document":                  {need: provider.FindNeed("doc", "", nil), want: map[string]string{}},
		"name of a file":              {need: provider.FindNeed("", `\.pem$`, prod), items: 2, want: map[string]string{}},
		"name with a slash":           {need: provider.FindNeed("app", "b/c", nil), items: 1, want: map[string]string{"a.b/c": "dots and slashes"}},
		"files":                       {need: provider.FindNeed("", "file/", prod), items: 3, files: 3, want: filesOfProd},
		"files, anchored":             {need: provider.FindNeed("", "^file/", prod), items: 3, files: 3, want: filesOfProd},
		"files by name":               {need: provider.FindNeed("", `file/\.pem$`, prod), items: 3, files: 1, want: map[string]string{"key.pem": "\x00\x01\xff\n"}},
		"files by name, not anchored": {need: provider.FindNeed("", `file/em`, prod), items: 3, files: 2, want: map[string]string{"key.pem": "\x00\x01\xff\n", "empty": ""}},
		"files by name, anchored":     {need: provider.FindNeed("", `^file/em`, prod), items: 3, files: 1, want: map[string]string{"empty": ""}},
		"files of one item":           {need: provider.FindNeed("app", "file/", nil), items: 1, files: 1, want: map[string]string{"ca.crt": "first certificate"}},
		"fields":                      {need: provider.FindNeed("app", "field/^user", nil), items: 1, want: map[string]string{"username": "wendy"}},
		"fields of a document":        {need: provider.FindNeed("doc", "^field/", nil), items: 1, want: map[string]string{"notesPlain": "a note"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(t, sim, "first", "second")
			sim.Requests.Reset()
			got, err := s.answer(t, c.need)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(c.want, opened(got.Map)))
			require.Equal(t, c.items, sim.Requests.Count(connect.RouteItem))
			require.Equal(t, c.files, sim.Requests.Count(connect.RouteFileContent))
			require.Equal(t, c.items+c.files, sim.Requests.Total())
		})
	}
}

func TestFindIsRefused(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	furnish(sim)
	for _, name := range []string{"(", "file/(", "^field/["} {
		_, err := seen(t, sim, "first").answer(t, provider.FindNeed("", name, nil))
		require.Contains(t, requireReason(t, provider.Invalid, err).Message, "find.name.regexp", name)
	}
}
