package onepassword_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

const (
	uri     = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	likeAnI = "abcdefghijklmnopqrstuvwxyz" // 26 letters: a title that looks like an id
)

// furnish fills two vaults with what the cases below ask for.
func furnish(sim *connect.Server) (first, second connect.VaultHandle) {
	first, second = sim.AddVault("first"), sim.AddVault("second")
	first.AddItem(connect.Item{Title: "app", Tags: []string{"prod", "web"}, Fields: []connect.Field{
		{ID: "username", Purpose: "USERNAME", Label: "username", Value: "wendy"},
		{ID: "password", Type: "CONCEALED", Purpose: "PASSWORD", Label: "password", Value: "open sesame"},
		{ID: "notesPlain", Purpose: "NOTES", Label: "notesPlain"},
		connect.Text("a.b/c", "dots and slashes"),
		connect.Text("", "no label"), connect.Text("", "none either"),
		{Type: "OTP", Label: "one-time password", Value: uri},
	}})
	sim.AddFile("first", "app", "ca.crt", []byte("first certificate"))
	first.AddItem(connect.Item{Title: "sections",
		Sections: []connect.Section{{ID: "add more", Label: ""}, {ID: "s1", Label: "blue"}, {ID: "s2", Label: "green/eu"}},
		Fields: []connect.Field{
			connect.Text("url", "outside"), connect.Text("url", "blue one").In("s1"), connect.Text("url", "green one").In("s2"),
			connect.Text("only", "once").In("s1"), connect.Text("nameless", "a").In("add more"), connect.Text("nameless", "b").In("s1"),
		}})
	first.AddItem(connect.Item{Title: "twice", Fields: []connect.Field{connect.Text("password", "1")}})
	first.AddItem(connect.Item{Title: "twice", Fields: []connect.Field{connect.Text("password", "2")}})
	first.AddItem(connect.Item{Title: "both", Fields: []connect.Field{connect.Text("password", "of the first")}})
	second.AddItem(connect.Item{Title: "both", Tags: []string{"prod"}, Fields: []connect.Field{connect.Text("password", "of the second"), connect.Text("port", "5432")}})
	second.AddItem(connect.Item{Title: "doc", Category: "DOCUMENT", Tags: []string{"prod"}, Fields: []connect.Field{connect.Text("notesPlain", "a note")}})
	sim.AddFile("second", "doc", "key.pem", []byte{0, 1, 0xff, '\n'})
	sim.AddFile("second", "doc", "empty", nil)
	second.AddItem(connect.Item{Title: likeAnI, Fields: []connect.Field{connect.Text("password", "titled like an id")}})
	second.AddItem(connect.Item{Title: `on"e or title pr \`, Fields: []connect.Field{connect.Text("password", "quoted")}})
	return first, second
}

func TestValue(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	_, second := furnish(sim)
	inSecond := sim.Item("second", "both")
	for name, c := range map[string]struct {
		need provider.Need
		want string
		// fails is the Reason, says what the message must hold.
		fails provider.Reason
		says  string
	}{
		"no property is the password":         {need: key("app", ""), want: "open sesame"},
		"label":                               {need: key("app", "username"), want: "wendy"},
		"empty value":                         {need: key("app", "notesPlain"), want: ""},
		"label with dots and slashes":         {need: key("app", "a.b/c"), want: "dots and slashes"},
		"field prefix":                        {need: key("app", "field/a.b/c"), want: "dots and slashes"},
		"one-time password is its URI":        {need: key("app", "one-time password"), want: uri},
		"file of an item":                     {need: key("app", "file/ca.crt"), want: "first certificate"},
		"first file of an item":               {need: key("app", "file/"), want: "first certificate"},
		"label in one section only":           {need: key("sections", "only"), want: "once"},
		"section by label":                    {need: key("sections", "blue/url"), want: "blue one"},
		"section by id":                       {need: key("sections", "s2/url"), want: "green one"},
		"section with a slash":                {need: key("sections", "field/green/eu/url"), want: "green one"},
		"outside of sections":                 {need: key("sections", "/url"), want: "outside"},
		"section without a label":             {need: key("sections", "add more/nameless"), want: "a"},
		"first vault":                         {need: key("both", ""), want: "of the first"},
		"by id in a later vault":              {need: key(inSecond.ID, ""), want: "of the second"},
		"title that looks like an id":         {need: key(likeAnI, ""), want: "titled like an id"},
		"title that is no filter":             {need: key(`on"e or title pr \`, ""), want: "quoted"},
		"document":                            {need: key("doc", "key.pem"), want: "\x00\x01\xff\n"},
		"first file of a document":            {need: key("doc", ""), want: "\x00\x01\xff\n"},
		"empty file":                          {need: key("doc", "empty"), want: ""},
		"field of a document":                 {need: key("doc", "field/notesPlain"), want: "a note"},
		"label that is not there":             {need: key("app", "nope"), fails: provider.Invalid, says: `no field "nope"`},
		"label in another case":               {need: key("app", "Password"), fails: provider.Invalid, says: `no field "Password"`},
		"section that is not there":           {need: key("sections", "red/url"), fails: provider.Invalid, says: `no field "red/url"`},
		"file that is not there":              {need: key("app", "file/nope"), fails: provider.Invalid, says: `no file "nope"`},
		"no file at all":                      {need: key("both", "file/"), fails: provider.Invalid, says: "no file"},
		"label in several places":             {need: key("sections", "url"), fails: provider.Invalid, says: `3 fields "url": name the one that is meant as "field/SECTION/NAME"`},
		"title twice in a vault":              {need: key("twice", ""), fails: provider.Invalid, says: `2 items with the title "twice"`},
		"key that is not there":               {need: key("nope", ""), fails: provider.NotFound, says: `"nope" in the vaults "first", "second"`},
		"id that is not there":                {need: key(strings.Repeat("0", 26), ""), fails: provider.NotFound, says: strings.Repeat("0", 26)},
		"title in another case":               {need: key("App", ""), fails: provider.NotFound},
		"empty key":                           {need: key("", ""), fails: provider.Invalid, says: "key"},
		"version":                             {need: provider.Need{Kind: provider.KindValue, Key: "app", Version: "1"}, fails: provider.Invalid, says: "Connect serves the current version of an item only"},
		"kind that is none":                   {need: provider.Need{Kind: "all", Key: "app"}, fails: provider.Invalid, says: `"all"`},
		"an id is not of a vault but an item": {need: key(second.ID, ""), fails: provider.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := seen(t, sim, "first", "second").answer(t, c.need)
			if c.fails != "" {
				require.Contains(t, requireReason(t, c.fails, err).Message, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, string(got.Value.Bytes()))
		})
	}
}

func TestAnswerTellsWhereItIsFrom(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	_, second := furnish(sim)
	doc := sim.Item("second", "doc")
	got, err := seen(t, sim, "first", second.ID).answer(t, key("doc", "key.pem"))
	require.NoError(t, err)
	require.Equal(t, second.ID+"/"+doc.ID+"/doc", got.ID)
	require.Equal(t, provider.Scope{Name: second.ID}, got.Scope)
	require.Equal(t, "3", got.Version)
	require.True(t, doc.UpdatedAt.Equal(got.Updated))
}

func TestMap(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	furnish(sim)
	for name, c := range map[string]struct {
		need  provider.Need
		want  map[string]string
		fails provider.Reason
		says  string
	}{
		"all fields": {need: extract("app", ""), want: map[string]string{
			"username": "wendy", "password": "open sesame", "notesPlain": "", "a.b/c": "dots and slashes", "one-time password": uri}},
		"one field":               {need: extract("app", "username"), want: map[string]string{"username": "wendy"}},
		"one field of a section":  {need: extract("sections", "blue/url"), want: map[string]string{"url": "blue one"}},
		"files of a document":     {need: extract("doc", ""), want: map[string]string{"key.pem": "\x00\x01\xff\n", "empty": ""}},
		"one file of a document":  {need: extract("doc", "key.pem"), want: map[string]string{"key.pem": "\x00\x01\xff\n"}},
		"fields of a document":    {need: extract("doc", "field/notesPlain"), want: map[string]string{"notesPlain": "a note"}},
		"files of an item":        {need: extract("app", "file/"), want: map[string]string{"ca.crt": "first certificate"}},
		"one file of an item":     {need: extract("app", "file/ca.crt"), want: map[string]string{"ca.crt": "first certificate"}},
		"labels that repeat":      {need: extract("sections", ""), fails: provider.Invalid, says: "field/SECTION/NAME"},
		"label that repeats":      {need: extract("sections", "url"), fails: provider.Invalid, says: "3 fields"},
		"field that is not there": {need: extract("app", "nope"), fails: provider.Invalid, says: `no field "nope"`},
		"key that is not there":   {need: extract("nope", ""), fails: provider.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := seen(t, sim, "first", "second").answer(t, c.need)
			if c.fails != "" {
				require.Contains(t, requireReason(t, c.fails, err).Message, c.says)
				return
			}
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(c.want, opened(got.Map)))
		})
	}
}

// A vault that failed matters where it could change the answer, and nowhere else.
func TestVaultThatFailed(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	furnish(sim)
	down := provider.Errorf(provider.Unavailable, "the vault is down")
	inFirst, inSecond := sim.Item("first", "app"), sim.Item("second", "both")
	for name, c := range map[string]struct {
		failed string
		need   provider.Need
		fails  bool
	}{
		"a later one, and the key is found":       {failed: "second", need: key("both", "")},
		"an earlier one, which could have it too": {failed: "first", need: key("both", ""), fails: true},
		"a later one, and the key is not found":   {failed: "second", need: key("nope", ""), fails: true},
		"an earlier one, and the id is found":     {failed: "first", need: key(inSecond.ID, "")},
		"a later one, and the id is found":        {failed: "second", need: key(inFirst.ID, "username")},
		"the one that has the id":                 {failed: "first", need: key(inFirst.ID, "username"), fails: true},
		"a title like an id, which it could have": {failed: "first", need: key(likeAnI, ""), fails: true},
		"a find": {failed: "second", need: provider.FindNeed("app", "", nil), fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(t, sim, "first", "second")
			s.failed[provider.Scope{Name: c.failed}] = down
			_, err := s.answer(t, c.need)
			if !c.fails {
				require.NoError(t, err)
				return
			}
			require.Same(t, down, err)
		})
	}
}

func TestList(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	first, second := sim.AddVault("first"), sim.AddVault("second")
	a := first.AddItem(connect.Item{Title: "a"})
	one, two := first.AddItem(connect.Item{Title: "twice"}), first.AddItem(connect.Item{Title: "twice"})
	shadowed := second.AddItem(connect.Item{Title: "a"})
	second.AddItem(connect.Item{Title: "b"})
	b := sim.SetField("second", "b", "x", "y")

	s := seen(t, sim, "first", "second")
	keys, err := s.List(s)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]provider.RemoteKey{
		{Key: "a", Scope: "first", Version: "1", Updated: a.UpdatedAt},
		{Key: one.ID, Scope: "first", Version: "1", Updated: one.UpdatedAt},
		{Key: two.ID, Scope: "first", Version: "1", Updated: two.UpdatedAt},
		{Key: shadowed.ID, Scope: "second", Version: "1", Updated: shadowed.UpdatedAt},
		{Key: "b", Scope: "second", Version: "2", Updated: b.UpdatedAt},
	}, keys))

	s.failed[provider.Scope{Name: "first"}] = errElsewhere
	keys, err = s.List(s)
	require.ErrorIs(t, err, errElsewhere)
	require.Len(t, keys, 2, "the vault that was seen is listed")
}

// Values do not print, wherever they are.
func TestNothingPrints(t *testing.T) {
	sim := start(t, connect.Behaviour{})
	furnish(sim)
	s := seen(t, sim, "first", "second")
	got, err := s.answer(t, extract("app", ""))
	require.NoError(t, err)
	held := []any{got, s.Client}
	for _, part := range s.parts {
		held = append(held, part) // One by one: fmt follows a pointer at the top only.
	}
	for _, text := range printed(held...) {
		for _, secret := range []string{"open sesame", "wendy", uri, connect.DefaultToken} {
			require.NotContains(t, text, secret)
		}
	}
}

// printed is everything in the ways that a log could print it.
func printed(all ...any) []string {
	var out []string
	for _, one := range all {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			out = append(out, fmt.Sprintf(verb, one))
		}
	}
	return out
}
