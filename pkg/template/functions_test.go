package template

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/Masterminds/sprig/v3"
	"github.com/stretchr/testify/require"
)

// esoNames are the functions that ESO has besides sprig's.
const esoNames = `
	certSANs filterCertChain filterPEM fromYaml fullPemToPkcs12 fullPemToPkcs12Pass hexdec jwkPrivateKeyPem jwkPublicKeyPem
	pemToPkcs12 pemToPkcs12Pass pemTruststoreToPKCS12 pemTruststoreToPKCS12Pass pkcs12cert pkcs12certPass pkcs12key
	pkcs12keyPass rsaDecrypt toYaml`

// TestFunctionSet holds the set of functions against what ESO documents: sprig 3.3 without three, and its own.
func TestFunctionSet(t *testing.T) {
	want := sprig.TxtFuncMap()
	for _, name := range strings.Fields("env expandenv getHostByName") {
		require.Contains(t, want, name)
		delete(want, name)
	}
	for _, name := range strings.Fields(esoNames + " print printf println html js urlquery") {
		want[name] = true
	}
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(functions())))
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(names())))
}

// TestEveryFunctionIsThere finds a guard, an effort or a mark whose function does not exist.
func TestEveryFunctionIsThere(t *testing.T) {
	for name, f := range functions() {
		require.NotNil(t, f.call, name)
	}
}

func TestNoFunctionTellsOfTheMachine(t *testing.T) {
	for _, text := range []string{`{{ env "HOME" }}`, `{{ expandenv "$HOME" }}`, `{{ getHostByName "localhost" }}`,
		`{{ tpl "x" . }}`, `{{ include "x" . }}`, `{{ lookup "v1" "Secret" "" "" }}`, `{{ _step 1 }}`, `{{ _print 1 }}`} {
		_, err := execute(t, text, nil)
		require.ErrorContains(t, err, string(UnknownFunction), text)
	}
}

func TestRandomFunctionsAreMarked(t *testing.T) {
	for text, want := range map[string]string{
		`{{ .a | upper }}`: "",
		`{{ uuidv4 }}`:     "uuidv4",
		`{{ if .a }}{{ else }}{{ range until 3 }}{{ with .a }}{{ now }}{{ end }}{{ end }}{{ end }}`: "now",
		`{{ define "x" }}{{ randAlpha 3 }}{{ end }}`:                                                "randAlpha",
		`{{ $x := (list 1 (genCA "x" 1)).foo }}`:                                                    "genCA",
		`{{ template "x" (htpasswd "a" "b") }}`:                                                     "htpasswd",
		`{{ (now).Year }}`:                                                                          "now",
		`{{ decryptAES "a" "b" }}{{ toDate "2006" "2020" }}`:                                        "",
		`{{ keys (dict "a" 1) }}{{ values (dict "a" 1) }}`:                                          "",
	} {
		p, err := compile(text)
		require.Nil(t, err, text)
		name, random := p.randomFunction()
		require.Equal(t, want, name, text)
		require.Equal(t, want != "", random, text)
	}
}

// TestUnmarkedFunctionsRepeat renders deterministic functions that could be mistaken twice.
func TestUnmarkedFunctionsRepeat(t *testing.T) {
	const text = `{{ $d := dict "c" 3 "a" 1 "b" 2 }}{{ keys $d }} {{ values $d }} {{ toJson $d }} {{ toYaml $d }} {{ $d }}`
	first, err := execute(t, text, nil)
	require.NoError(t, err)
	for range 20 {
		again, err := execute(t, text, nil)
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

// TestFormatsShowNoPlaces formats values that are behind pointers or have some inside.
func TestFormatsShowNoPlaces(t *testing.T) {
	for text, want := range map[string]string{
		`{{ printf "%v|%s|%q|%T" (semver "1.2.3") (list (semver "1.2.3")) (semver "1.2.3") (semver "1.2.3") }}`: `1.2.3|[1.2.3]|"1.2.3"|*semver.Version`,
		`{{ printf "%s" (dict "at" (toDate "2006Z07:00" "2020Z")) }}`:                                           "map[at:2020-01-01 00:00:00 +0000 UTC]",
		`{{ printf "%d%% %#v 5000%" 7 "x" }}`:                                                                   `7% "x" 5000%!(NOVERB)`,
		`{{ printf "%s%% 5000 %d" (semver "1.2.3") }}`:                                                          "",
		`{{ printf "%p" . }}`:                                         "",
		`{{ printf "%d" (list (semver "1.2.3")) }}`:                   "",
		`{{ printf "%#v" (list (semver "1.2.3")) }}`:                  "",
		`{{ printf "%d" (dict "at" (toDate "2006Z07:00" "2020Z")) }}`: "",
		`{{ printf "%x%[1]d" (list 1 (list (semver "1.2.3")) ) }}`:    "",
	} {
		got, err := execute(t, text, nil)
		if want == "" {
			require.ErrorContains(t, err, `function "printf": the function failed: a verb would show a place in memory`, text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}
