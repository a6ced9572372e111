package onepassword_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

// Labels are free text and need not be unique: a label goes before an address, and what is ambiguous is refused with the
// way out of it.
func TestProperty(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	v := sim.AddVault("v")
	v.AddItem(connect.Item{Title: "labels",
		Sections: []connect.Section{{ID: "s1", Label: "db"}, {ID: "s2", Label: "db"}, {ID: "s3", Label: "host"}},
		Fields: []connect.Field{
			connect.Text("twin", "1").In("s1"), connect.Text("twin", "2").In("s1"),
			connect.Text("", "no label").In("s1"),
			connect.Text("port", "first").In("s1"), connect.Text("port", "second").In("s2"),
			connect.Text("host", "a label like a section's").In("s3"), connect.Text("host", "outside"),
			connect.Text("db/name", "a label like an address").In("s2"), connect.Text("name", "addressed").In("s1"),
			connect.Text("a.b", "dots"), connect.Text("/", "only a slash"), connect.Text("file/x", "a label like a file"),
			{Label: "valueless", Type: "CONCEALED"}, {Label: "odd", Type: "NEW_IN_2031", Value: "kept"},
			{Label: "Password", Value: "another case"},
		}})
	v.AddItem(connect.Item{Title: "ssh", Category: "SSH_KEY", Fields: []connect.Field{
		{Type: "SSHKEY", Label: "private key", Value: "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"},
		connect.Text("public key", "ssh-ed25519 AAAA"),
	}})
	v.AddItem(connect.Item{Title: "odd", Category: "NEW_CATEGORY", Fields: []connect.Field{connect.Text("password", "x")}})
	v.AddItem(connect.Item{Title: "paper", Category: "DOCUMENT", Fields: []connect.Field{{Label: "notesPlain", Purpose: "NOTES"}}})
	for name, c := range map[string]struct {
		key, property string
		want          string
		// fails is what the message of the Reason Invalid says.
		fails string
	}{
		"section that is told by its id":      {key: "labels", property: "s2/port", want: "second"},
		"sections of one label":               {key: "labels", property: "db/port", fails: `2 fields "db/port": name the one that is meant as "field/SECTION/NAME"`},
		"label twice in a section":            {key: "labels", property: "twin", fails: `2 fields "twin" in one section`},
		"label twice in a section, addressed": {key: "labels", property: "s1/twin", fails: `2 fields "s1/twin" in one section`},
		"label like a section's":              {key: "labels", property: "host/host", want: "a label like a section's"},
		"label that repeats outside":          {key: "labels", property: "/host", want: "outside"},
		"label like an address goes first":    {key: "labels", property: "db/name", want: "a label like an address"},
		"address beside such a label":         {key: "labels", property: "s1/name", want: "addressed"},
		"dots":                                {key: "labels", property: "a.b", want: "dots"},
		"slash":                               {key: "labels", property: "/", want: "only a slash"},
		"label like a file":                   {key: "labels", property: "field/file/x", want: "a label like a file"},
		"label like a file, unprefixed":       {key: "labels", property: "file/x", fails: `no file "x"`},
		"field without a label":               {key: "labels", property: "s1/", want: "no label"},
		"field without a value":               {key: "labels", property: "valueless", want: ""},
		"field of an unknown type":            {key: "labels", property: "odd", want: "kept"},
		"no password":                         {key: "labels", fails: `no field "password"`},
		"private key":                         {key: "ssh", property: "private key", want: "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"},
		"item of an unknown category":         {key: "odd", want: "x"},
		"document without a file":             {key: "paper", fails: "no file"},
		"field prefix alone":                  {key: "odd", property: "field/", want: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := seen(t, sim, "v").answer(t, key(c.key, c.property))
			if c.fails != "" {
				require.Contains(t, requireReason(t, provider.Invalid, err).Message, c.fails)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, string(got.Value.Bytes()))
		})
	}
}

// Titles of items are told apart by case, those of vaults only where they must be.
func TestNamesOfVaults(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	sim.AddVault("Home").AddItem(connect.Item{Title: "app", Fields: []connect.Field{connect.Text("password", "Home")}})
	sim.AddVault("home").AddItem(connect.Item{Title: "app", Fields: []connect.Field{connect.Text("password", "home")}})
	sim.AddVault("Work").AddItem(connect.Item{Title: "app", Fields: []connect.Field{connect.Text("password", "Work")}})
	for name, want := range map[string]string{"Home": "Home", "home": "home", "WORK": "Work"} {
		require.Equal(t, want, seen(t, sim, name).password(t), name)
	}
	s := newStore(dial(t, sim, "HOME"))
	_, err := s.Revalidate(t.Context(), s.ListScopes()[0], nil, false)
	require.Contains(t, requireReason(t, provider.Invalid, err).Message, "2 vaults")
}
