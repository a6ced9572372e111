package infisical

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

func TestKeysLeadToFolders(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/app", "FOO", "bare")
	f.SetSecret(testProject, "dev", "/app/sub", "FOO", "relative")
	f.SetSecret(testProject, "dev", "/", "FOO", "root")
	f.SetSecret(testProject, "dev", "/other", "FOO", "absolute")
	c := f.connect(in("/app/", false))

	for key, want := range map[string]string{
		"FOO": "bare", "sub/FOO": "relative", "/FOO": "root", "/other/FOO": "absolute", "../other/FOO": "absolute", "//other//FOO": "absolute",
		"./FOO": "bare", "sub//FOO": "relative", "sub/../FOO": "bare", "../FOO": "root", "../../../FOO": "root", "/../FOO": "root", "/app/./sub/FOO": "relative",
	} {
		require.Equal(t, want, valueOf(t, c, key), key)
	}
	for _, key := range []string{"", "/", "//", "sub/", "sub//", ".", "..", "/a/..", "sub/.", "sub/.."} {
		requireReason(t, provider.Invalid, failureOf(t, c, key))
	}
}

func TestScopes(t *testing.T) {
	c := &client{path: "/app", recursive: true}
	list := func(folder string) provider.Scope { return provider.Scope{Name: folder} }
	tree := func(folder string) provider.Scope { return provider.Scope{Name: folder, Recursive: true} }
	for name, test := range map[string]struct {
		need  provider.Need
		known []provider.Scope
		want  provider.Scope
	}{
		"own list":                        {need: provider.Need{Key: "FOO"}, want: list("/app")},
		"known recursive list":            {need: provider.Need{Key: "FOO"}, known: []provider.Scope{list("/app"), tree("/app")}, want: tree("/app")},
		"the widest":                      {need: provider.Need{Key: "FOO"}, known: []provider.Scope{tree("/app"), tree("/"), tree("/app")}, want: tree("/")},
		"folder above, not recursive":     {need: provider.Need{Key: "sub/FOO"}, known: []provider.Scope{list("/app")}, want: list("/app/sub")},
		"folder with a name that goes on": {need: provider.Need{Key: "/app2/FOO"}, known: []provider.Scope{tree("/app")}, want: list("/app2")},
		"find":                            {need: provider.FindNeed("", "x", nil), known: []provider.Scope{tree("/")}, want: tree("/app")},
		"find below":                      {need: provider.FindNeed("/app/sub", "x", nil), want: tree("/app/sub")},
		"find relative":                   {need: provider.FindNeed("sub", "x", nil), want: tree("/app/sub")},
		"find elsewhere":                  {need: provider.FindNeed("/app2", "x", nil), want: tree("/app2")},
		"find above":                      {need: provider.FindNeed("/", "x", nil), want: tree("/app")},
	} {
		t.Run(name, func(t *testing.T) {
			if test.need.Kind == "" {
				test.need.Kind = provider.KindValue
			}
			got, err := c.Scopes(test.need, test.known)
			require.NoError(t, err)
			require.Equal(t, []provider.Scope{test.want}, got)
		})
	}
}

func TestLastImportWinsAndDirectBeatsImports(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/app", "OWN", "own")
	f.SetSecret(testProject, "dev", "/first", "OWN", "first")
	f.SetSecret(testProject, "dev", "/first", "BOTH", "first")
	f.SetSecret(testProject, "dev", "/first", "FIRST", "first")
	f.SetSecret(testProject, "dev", "/last", "BOTH", "last")
	f.SetSecret(testProject, "dev", "/deep", "BOTH", "deep")
	f.SetSecret(testProject, "dev", "/deep", "DEEP", "deep")
	f.AddImport(testProject, "dev", "/app", "dev", "/first")
	f.AddImport(testProject, "dev", "/app", "dev", "/last")
	f.AddImport(testProject, "dev", "/last", "dev", "/deep")
	want := map[string]string{"OWN": "own", "BOTH": "last", "FIRST": "first", "DEEP": "deep"}

	c := f.connect(in("/app", false))
	require.Equal(t, want, findOf(t, c, "", ""))
	for key, text := range want {
		require.Equal(t, text, valueOf(t, c, key), key)
		s, _, err := c.get(t.Context(), address{"/app", key}, 0)
		require.NoError(t, err)
		require.Equal(t, text, string(s.value.Bytes()), "what Infisical answers for %s by itself", key)
	}
	require.Equal(t, want, findOf(t, f.connect(in("/app", true)), "", ""))
}

func TestExtractGoesByTheSamePrecedence(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/app", "OWN", `{"from":"own"}`)
	f.SetSecret(testProject, "dev", "/first", "OWN", `{"from":"first"}`)
	f.SetSecret(testProject, "dev", "/first", "BOTH", `{"from":"first"}`)
	f.SetSecret(testProject, "dev", "/last", "BOTH", `{"from":"last"}`)
	f.AddImport(testProject, "dev", "/app", "dev", "/first")
	f.AddImport(testProject, "dev", "/app", "dev", "/last")
	for key, from := range map[string]string{"OWN": "own", "BOTH": "last", "/first/BOTH": "first"} {
		for _, recursive := range []bool{false, true} {
			known := provider.Scope{Name: "/", Recursive: recursive}
			a, err := answer(t.Context(), f.connect(in("/app", recursive)), provider.Need{Kind: provider.KindMap, Key: key}, known)
			require.NoError(t, err)
			require.Equal(t, map[string]string{"from": from}, reveal(a.Map))
		}
	}
}

func TestRecursiveListAndImportsOfItsFolders(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/a", "DIRECT", "of a")
	f.SetSecret(testProject, "dev", "/b", "OTHER", "of b")
	f.SetSecret(testProject, "dev", "/shared", "KEY", "shared")
	f.AddImport(testProject, "dev", "/b", "dev", "/shared")
	root := provider.Scope{Name: "/", Recursive: true}
	c := f.connect(in("/", true))

	require.Equal(t, "of a", valueOf(t, c, "/a/DIRECT", root))
	f.counts(1, 1, 0)
	require.Equal(t, "shared", valueOf(t, c, "/b/KEY", root))
	f.counts(1, 3, 0)
	requireReason(t, provider.NotFound, failureOf(t, c, "/a/KEY", root))
	requireReason(t, provider.ScopeNotFound, failureOf(t, c, "/gone/KEY", root))
}

func TestPartsFollowTheirPicture(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/shared", "KEY", "one")
	f.AddImport(testProject, "dev", "/b", "dev", "/shared")
	root := provider.Scope{Name: "/", Recursive: true}
	c := f.connect(in("/", true))
	v := newView()
	need := provider.Need{Kind: provider.KindValue, Key: "/b/KEY"}

	wantedNow := func() provider.PartID {
		v.show(t, c, root)
		_, wanted, err := c.Lookup(need, v)
		require.NoError(t, err)
		require.Len(t, wanted, 1)
		return wanted[0].ID
	}
	before := wantedNow()
	require.Equal(t, before, wantedNow(), "nothing has changed")
	f.SetSecret(testProject, "dev", "/shared", "KEY", "two")
	require.NotEqual(t, before, wantedNow(), "an imported value has changed")
}

func TestUnreadableFolderBelowIsNotAnAbsentKey(t *testing.T) {
	f := start(t)
	f.AddIdentity(infisical.Identity{ClientID: testID, ClientSecret: testSecret, Rules: []infisical.Rule{{Path: "/closed", Access: infisical.None}}})
	f.SetSecret(testProject, "dev", "/closed", "KEY", "s3cret")
	f.SetSecret(testProject, "dev", "/open", "KEY", "open")
	c := f.connect(in("/", true))
	require.Equal(t, map[string]string{"KEY": "open"}, findOf(t, c, "", ""))
	requireReason(t, provider.Forbidden, failureOf(t, c, "/closed/KEY", provider.Scope{Name: "/", Recursive: true}))
	requireReason(t, provider.Forbidden, failureOf(t, c, "/closed/KEY"))
	requireReason(t, provider.Forbidden, c.Confirm(t.Context(), provider.Need{Kind: provider.KindValue, Key: "/closed/KEY"}, nil))
}

func TestHiddenValuesAreForbidden(t *testing.T) {
	f := start(t)
	f.EditSecret(testProject, "dev", "/", "HIDDEN", func(s *infisical.Secret) { s.Value, s.Hidden = "s3cret", true })
	f.SetSecret(testProject, "dev", "/", "LITERAL", hiddenValue)
	f.SetSecret(testProject, "dev", "/", "PLAIN", "plain")
	c := f.connect()
	require.Equal(t, "plain", valueOf(t, c, "PLAIN"))
	for _, key := range []string{"HIDDEN", "LITERAL"} {
		requireReason(t, provider.Forbidden, failureOf(t, c, key))
	}
	_, err := answer(t.Context(), c, provider.Need{Kind: provider.KindMap, Key: "HIDDEN"})
	requireReason(t, provider.Forbidden, err)
	_, err = answer(t.Context(), c, provider.FindNeed("", "H", nil))
	requireReason(t, provider.Forbidden, err)
	require.Equal(t, map[string]string{"PLAIN": "plain"}, findOf(t, c, "", "^P"))

	for _, masked := range []string{`"secretValue":"***",`, ""} {
		f.Faults.Add(harness.JSON(200, `{"secrets":[{"secretKey":"KEY",`+masked+`"secretValueHidden":true}],"imports":[]}`).On(infisical.RouteList).For(1))
		requireReason(t, provider.Forbidden, failureOf(t, c, "KEY"))
	}
}

func TestFind(t *testing.T) {
	f := start(t)
	for folder, key := range map[string]string{"/app": "A", "/app/z": "Z", "/app2": "TWO", "/": "ROOT"} {
		f.SetSecret(testProject, "dev", folder, key, "in "+folder)
		f.SetSecret(testProject, "dev", folder, "SAME", "in "+folder)
	}
	f.SetSecret(testProject, "dev", "/app/z/deep", "EQUAL", "in /app/z/deep")
	f.SetSecret(testProject, "dev", "/app/b/deep", "EQUAL", "in /app/b/deep")
	f.SetSecret(testProject, "dev", "/app/long-name", "EQUALLY", "in /app/long-name")
	f.SetSecret(testProject, "dev", "/app/z/a", "EQUALLY", "in /app/z/a")
	f.EditSecret(testProject, "dev", "/app/z", "SAME", func(s *infisical.Secret) { s.Tags = []string{"web", "blue"} })
	f.EditSecret(testProject, "dev", "/app/z", "Z", func(s *infisical.Secret) { s.Tags = []string{"web"} })
	tree := f.connect(in("/", true))

	require.Equal(t, map[string]string{
		"A": "in /app", "Z": "in /app/z", "SAME": "in /app", "EQUAL": "in /app/b/deep", "EQUALLY": "in /app/long-name",
	}, findOf(t, tree, "/app", ""))
	require.Equal(t, map[string]string{"A": "in /app"}, findOf(t, tree, "/app/", "^A$"))
	require.Equal(t, map[string]string{"SAME": "in /app/z", "Z": "in /app/z"}, findOf(t, tree, "", "", "web"))
	require.Equal(t, map[string]string{"SAME": "in /app/z"}, findOf(t, tree, "/app", "SAME", "web", "blue"))
	require.Equal(t, map[string]string{}, findOf(t, tree, "/app/b", "", "web"))

	flat := f.connect(in("/app", false))
	require.Equal(t, map[string]string{"A": "in /app", "SAME": "in /app"}, findOf(t, flat, "", ""))
	require.Equal(t, map[string]string{"A": "in /app", "SAME": "in /app"}, findOf(t, flat, "/", ""))
	require.Equal(t, map[string]string{"TWO": "in /app2", "SAME": "in /app2"}, findOf(t, flat, "/app2", ""))

	_, err := answer(t.Context(), flat, provider.FindNeed("/gone", "", nil))
	requireReason(t, provider.ScopeNotFound, err)
	_, err = answer(t.Context(), flat, provider.FindNeed("", "(", nil))
	requireReason(t, provider.Invalid, err)
}

func TestVersions(t *testing.T) {
	f := start(t)
	for _, text := range []string{"one", "two", "three"} {
		f.SetSecret(testProject, "dev", "/", "KEY", text)
	}
	c := f.connect()
	at := func(version string) (string, error) {
		a, err := answer(t.Context(), c, provider.Need{Kind: provider.KindValue, Key: "KEY", Version: version})
		return string(a.Value.Bytes()), err
	}
	for version, want := range map[string]string{"": "three", "3": "three", "1": "one", "2": "two"} {
		got, err := at(version)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	f.counts(1, 4, 2)
	for _, version := range []string{"0", "-1", "x", "1.0", "4", "99999999999999999999"} {
		_, err := at(version)
		requireReason(t, provider.Invalid, err)
	}
	for _, other := range []string{`"secretKey":"OTHER","version":1`, `"secretKey":"KEY","version":3`} {
		f.Faults.Add(harness.JSON(200, `{"secret":{"secretValue":"s3cret",`+other+`}}`).On(infisical.RouteGet).For(1))
		_, err := at("1")
		requireReason(t, provider.Unavailable, err)
	}
}

func TestAnswerTellsVersionTimeAndIdentity(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/", "KEY", "one")
	f.SetSecret(testProject, "dev", "/", "KEY", "two")
	a, err := answer(t.Context(), f.connect(), provider.Need{Kind: provider.KindValue, Key: "KEY"})
	require.NoError(t, err)
	require.Equal(t, "2", a.Version)
	require.WithinDuration(t, f.clock.Now(), a.Updated, 1_000_000)
	require.NotEmpty(t, a.ID)
	require.Equal(t, provider.Scope{Name: "/"}, a.Scope)
}

func TestList(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/app", "OWN", "x")
	f.SetSecret(testProject, "dev", "/app/sub", "BELOW", "x")
	f.SetSecret(testProject, "dev", "/shared", "IMPORTED", "x")
	f.SetSecret(testProject, "dev", "/shared", "OWN", "x")
	f.AddImport(testProject, "dev", "/app", "dev", "/shared")
	c := f.connect(in("/app", true))
	v := newView()
	v.show(t, c, c.ListScopes()...)
	keys, err := c.List(v)
	require.NoError(t, err)
	var names []string
	for _, k := range keys {
		names = append(names, k.Key)
		require.NotEmpty(t, valueOf(t, c, k.Key), "every key that is listed can be read")
	}
	require.Equal(t, []string{"IMPORTED", "OWN", "/app/sub/BELOW"}, names)
}
