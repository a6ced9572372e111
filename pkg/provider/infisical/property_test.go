package infisical

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

const document = `{"s":"te\"xt","n":1.50,"big":12345678901234567890,"t":true,"f":false,"z":null,"o":{"k":"v","a":[1, 2]},` +
	`"l":[{"name":"a","id":1},{"name":"b","id":2}],"a.b":"dotted","@id":"at","":"empty"}`

func TestProperty(t *testing.T) {
	for path, want := range map[string]string{
		"":                  document,
		"s":                 `te"xt`,
		"n":                 "1.50",
		"big":               "12345678901234567890",
		"t":                 "true",
		"f":                 "false",
		"z":                 "null",
		"o":                 `{"k":"v","a":[1, 2]}`,
		"o.a":               "[1, 2]",
		"o.a.1":             "2",
		"l.#":               "2",
		"l.#.name":          `["a","b"]`,
		`l.#(name=="b").id`: "2",
		`a\.b`:              "dotted",
		"@id":               "at",
		"o.@keys.0":         "k",
	} {
		got, err := property(value.FromString(document), "KEY", path)
		require.NoError(t, err, path)
		require.Equal(t, want, string(got.Bytes()), path)
	}
	for _, path := range []string{"gone", "o.gone", "l.7", "s.x"} {
		_, err := property(value.FromString(document), "KEY", path)
		requireReason(t, provider.Invalid, err)
		require.ErrorContains(t, err, "is not there")
	}
}

// TestNumbersStayAsTheyAreWritten: none goes through a floating point number.
func TestNumbersStayAsTheyAreWritten(t *testing.T) {
	numbers := map[string]string{
		"big": "123456789012345678901234567890", "exponent": "1E+400", "small": "1e-400", "zeros": "0.1000", "minus": "-0.0", "id": "9007199254740993",
	}
	var members []string
	for name, number := range numbers {
		members = append(members, `"`+name+`":`+number)
	}
	text := value.FromString("{" + strings.Join(members, ",") + "}")
	for name, number := range numbers {
		got, err := property(text, "KEY", name)
		require.NoError(t, err)
		require.Equal(t, number, string(got.Bytes()))
	}
	all, err := properties(text, "KEY", "")
	require.NoError(t, err)
	require.Equal(t, numbers, reveal(all))
}

func TestKeysOfAllKinds(t *testing.T) {
	text := value.FromString(`{"a.b":{"c*d":"1"},"ü":"2","\u00e9":"3","with space":"4","?x":"5","#":"6","a\\b":"7","5":"8","":"9"}`)
	for path, want := range map[string]string{
		`a\.b.c\*d`: "1", "ü": "2", "é": "3", "with space": "4", `\?x`: "5", `\#`: "6", `a\\b`: "7", "5": "8",
	} {
		got, err := property(text, "KEY", path)
		require.NoError(t, err, path)
		require.Equal(t, want, string(got.Bytes()), path)
	}
	all, err := properties(text, "KEY", "")
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"a.b": `{"c*d":"1"}`, "ü": "2", "é": "3", "with space": "4", "?x": "5", "#": "6", `a\b`: "7", "5": "8", "": "9",
	}, reveal(all))
}

func TestPropertyOfWhatIsNotJSON(t *testing.T) {
	for _, text := range []string{"", "s3cret", `{"a":"s3cret"`, `{"a":s3cret}`, strings.Repeat("[", 100_000)} {
		_, err := property(value.FromString(text), "KEY", "a")
		requireReason(t, provider.Invalid, err)
		require.ErrorContains(t, err, "not JSON")
	}
}

func TestPropertiesThatGrowAreRefused(t *testing.T) {
	for _, path := range []string{
		"[s,s]", "{s,n}", "o.[k,k]", "o|{k}", "@tostr", "s.@tostr", "s|@tostr|@tostr", "o.@pretty", "l.#([a,b])", "l.#( {a})",
		"@this:x|[s,s]", `@this:\|[s,s]`, "@dig:x", "@group", "@join", "l.#(@tostr)", "@fromstr", strings.Repeat("a", maxProperty+1),
	} {
		_, err := property(value.FromString(document), "KEY", path)
		requireReason(t, provider.Invalid, err)
	}
}

func TestProperties(t *testing.T) {
	got, err := properties(value.FromString(document), "KEY", "")
	require.NoError(t, err)
	texts := reveal(got)
	require.Equal(t, `te"xt`, texts["s"])
	require.Equal(t, "1.50", texts["n"])
	require.Equal(t, "null", texts["z"])
	require.Equal(t, `{"k":"v","a":[1, 2]}`, texts["o"])
	require.Len(t, texts, 11)

	got, err = properties(value.FromString(document), "KEY", "o")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"k": "v", "a": "[1, 2]"}, reveal(got))

	got, err = properties(value.FromString("{}"), "KEY", "")
	require.NoError(t, err)
	require.Empty(t, got)

	for _, text := range []string{"", "null", `"s3cret"`, `["s3cret"]`, "s3cret", `{"a":s3cret}`} {
		_, err := properties(value.FromString(text), "KEY", "")
		requireReason(t, provider.Invalid, err)
	}
	_, err = properties(value.FromString(document), "KEY", "s")
	requireReason(t, provider.Invalid, err)
}

// FuzzProperty looks for paths that panic, or that make of a value more than a few times of it.
func FuzzProperty(f *testing.F) {
	for _, path := range []string{"s", "l.#(name==\"b\").id", "o.@keys|@reverse", "@this:\\|[s,s]", "..0", "l.#(#(a>1)#)#|0", "!\"x\"", "*.?"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got, err := property(value.FromString(document), "KEY", path)
		if err == nil && got.Len() > 4*(len(document)+len(path)) {
			t.Errorf("path %q makes %d bytes of %d", path, got.Len(), len(document))
		}
	})
}
