package template

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// sprigNames is what templates may call of sprig 3.3: all of it but env, expandenv and getHostByName, which tell of the
// machine that this server runs on. A name that a later sprig adds is not allowed until it is added here.
const sprigNames = `
	abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc b64dec b64enc base bcrypt biggest
	buildCustomCert camelcase cat ceil chunk clean coalesce compact concat contains date dateInZone dateModify date_in_zone
	date_modify decryptAES deepCopy deepEqual default derivePassword dict dig dir div divf duration durationRound empty
	encryptAES ext fail first float64 floor fromJson genCA genCAWithKey genPrivateKey genSelfSignedCert
	genSelfSignedCertWithKey genSignedCert genSignedCertWithKey get has hasKey hasPrefix hasSuffix hello htmlDate
	htmlDateInZone htpasswd indent initial initials int int64 isAbs join kebabcase keys kindIs kindOf last list lower max
	maxf merge mergeOverwrite min minf mod mul mulf mustAppend mustChunk mustCompact mustDateModify mustDeepCopy mustFirst
	mustFromJson mustHas mustInitial mustLast mustMerge mustMergeOverwrite mustPrepend mustPush mustRegexFind
	mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit mustRest mustReverse
	mustSlice mustToDate mustToJson mustToPrettyJson mustToRawJson mustUniq mustWithout must_date_modify nindent nospace now
	omit osBase osClean osDir osExt osIsAbs pick pluck plural prepend push quote randAlpha randAlphaNum randAscii randBytes
	randInt randNumeric regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit
	repeat replace rest reverse round semver semverCompare seq set sha1sum sha256sum sha512sum shuffle slice snakecase
	sortAlpha split splitList splitn squote sub subf substr swapcase ternary title toDate toDecimal toJson toPrettyJson
	toRawJson toString toStrings trim trimAll trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf uniq
	unixEpoch unset until untilStep untitle upper urlJoin urlParse uuidv4 values without wrap wrapWith`

// randomNames give another result another time: they draw from randomness, or read the clock whenever they are not given a
// time.
const randomNames = `
	ago bcrypt date dateInZone date_in_zone durationRound encryptAES fullPemToPkcs12 fullPemToPkcs12Pass genCA genCAWithKey
	genPrivateKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey htmlDate htmlDateInZone
	htpasswd now pemToPkcs12 pemToPkcs12Pass pemTruststoreToPKCS12 pemTruststoreToPKCS12Pass randAlpha randAlphaNum randAscii
	randBytes randInt randNumeric shuffle uuidv4`

// functions is every function of the template language but those of Go's own that are cheap whatever they are given.
var functions = sync.OnceValue(func() map[string]function {
	known := map[string]function{}
	from := sprig.TxtFuncMap()
	for _, name := range strings.Fields(sprigNames) {
		known[name] = function{call: from[name]}
	}
	for name, call := range own() {
		known[name] = function{call: call}
	}
	for name, guard := range guards() {
		f := known[name]
		f.guard = guard
		known[name] = f
	}
	for name, effort := range efforts() {
		f := known[name]
		f.effort = effort
		known[name] = f
	}
	for _, name := range strings.Fields(randomNames) {
		f := known[name]
		f.random = true
		known[name] = f
	}
	return known
})

// own are the functions that are not sprig's, or that are better than sprig's.
func own() map[string]any {
	return map[string]any{
		// Those of the language that make text.
		"print": fmt.Sprint, "printf": fmt.Sprintf, "println": fmt.Sprintln,
		"html": template.HTMLEscaper, "js": template.JSEscaper, "urlquery": template.URLQueryEscaper,
		// Sprig's are in the order of Go's maps, another one each time.
		"keys": sortedKeys, "values": sortedValues,

		// ESO's takes a third argument, which sprig's does not know.
		"htpasswd": htpasswd,

		"hexdec": hexDecode,
		"toYaml": toYAML, "fromYaml": fromYAML,
		"filterPEM": filterPEM, "filterCertChain": filterCertChain, "certSANs": certSANs,
		"jwkPublicKeyPem": jwkPublicKeyPEM, "jwkPrivateKeyPem": jwkPrivateKeyPEM,
		"rsaDecrypt": rsaDecrypt,
		"pkcs12key":  pkcs12Key, "pkcs12keyPass": pkcs12KeyPass,
		"pkcs12cert": pkcs12Cert, "pkcs12certPass": pkcs12CertPass,
		"pemToPkcs12": pemToPKCS12, "pemToPkcs12Pass": pemToPKCS12Pass,
		"fullPemToPkcs12": fullPEMToPKCS12, "fullPemToPkcs12Pass": fullPEMToPKCS12Pass,
		"pemTruststoreToPKCS12": pemTruststoreToPKCS12, "pemTruststoreToPKCS12Pass": pemTruststoreToPKCS12Pass,
	}
}

// names fills the map that the parser asks for.
var names = sync.OnceValue(func() map[string]any {
	m := map[string]any{}
	for name := range functions() {
		m[name] = true
	}
	return m
})

// sortedKeys is the keys of each map in turn, those of one map in order.
func sortedKeys(dicts ...map[string]any) []string {
	all := []string{}
	for _, dict := range dicts {
		all = append(all, slices.Sorted(maps.Keys(dict))...)
	}
	return all
}

// sortedValues is the values of a map in the order of its keys.
func sortedValues(dict map[string]any) []any {
	all := []any{}
	for _, key := range slices.Sorted(maps.Keys(dict)) {
		all = append(all, dict[key])
	}
	return all
}

func hexDecode(text string) (string, error) {
	b, err := hex.DecodeString(text)
	return string(b), err
}
