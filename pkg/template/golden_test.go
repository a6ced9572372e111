package template

import (
	"encoding/base64"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

// TestGoldenFiles holds functions against what openssl, keytool and python made: see testdata/generate.sh.
func TestGoldenFiles(t *testing.T) {
	for name, tc := range map[string]struct {
		text, in string
		want     []string
	}{
		"filterPEM keys":               {`{{ .in | filterPEM "PRIVATE KEY" }}`, "mixed.pem", []string{"leaf.key.pem"}},
		"filterPEM in any case":        {`{{ .in | filterPEM "certificate" }}`, "mixed.pem", []string{"leaf.pem", "intermediate.pem"}},
		"filterPEM nothing":            {`{{ .in | filterPEM "DH PARAMETERS" }}`, "chain.pem", nil},
		"filterCertChain leaf":         {`{{ .in | filterCertChain "leaf" }}`, "unordered.pem", []string{"leaf.pem"}},
		"filterCertChain between":      {`{{ .in | filterCertChain "intermediate" }}`, "unordered.pem", []string{"intermediate.pem"}},
		"filterCertChain root":         {`{{ .in | filterCertChain "root" }}`, "unordered.pem", []string{"root.pem"}},
		"filterCertChain lone root":    {`{{ .in | filterCertChain "root" }}`, "root.pem", []string{"root.pem"}},
		"filterCertChain lone leaf":    {`{{ .in | filterCertChain "leaf" }}`, "leaf.pem", []string{"leaf.pem"}},
		"filterCertChain no leaf":      {`{{ .in | filterCertChain "leaf" }}`, "root.pem", nil},
		"filterCertChain none between": {`{{ .in | filterCertChain "intermediate" }}`, "leaf.pem", nil},
		"filterCertChain no root":      {`{{ .in | filterCertChain "root" }}`, "leaf.pem", nil},
		"filterCertChain other part":   {`{{ .in | filterCertChain "stem" }}`, "chain.pem", nil},
		"JWK RSA private":              {`{{ jwkPrivateKeyPem .in }}`, "rsa-private.jwk", []string{"leaf.key.pem"}},
		"JWK RSA public":               {`{{ jwkPublicKeyPem .in }}`, "rsa-public.jwk", []string{"leaf.public.pem"}},
		"JWK RSA public of private":    {`{{ jwkPublicKeyPem .in }}`, "rsa-private.jwk", []string{"leaf.public.pem"}},
		"JWK EC private":               {`{{ jwkPrivateKeyPem .in }}`, "ec-private.jwk", []string{"ec.key.pem"}},
		"JWK EC public":                {`{{ jwkPublicKeyPem .in }}`, "ec-public.jwk", []string{"ec.public.pem"}},
		"RSA SHA1":                     {`{{ rsaDecrypt "RSA-OAEP" "SHA1" .in .key }}`, "oaep-sha1.bin", []string{"plain.txt"}},
		"RSA SHA256":                   {`{{ .key | rsaDecrypt "RSA-OAEP" "SHA256" .in }}`, "oaep-sha256.bin", []string{"plain.txt"}},
		"RSA SHA512":                   {`{{ rsaDecrypt "RSA-OAEP" "SHA512" .in .key }}`, "oaep-sha512.bin", []string{"plain.txt"}},
		"RSA no hash is SHA256":        {`{{ rsaDecrypt "RSA-OAEP" "None" .in .key }}`, "oaep-sha256.bin", []string{"plain.txt"}},
		"RSA PKCS #1":                  {`{{ rsaDecrypt "RSA-OAEP" "SHA256" .in .pkcs1 }}`, "oaep-sha256.bin", []string{"plain.txt"}},
		"RSA no scheme":                {`{{ rsaDecrypt "None" "" .in .key }}`, "plain.txt", []string{"plain.txt"}},
		"AES":                          {`{{ decryptAES "test-password" .in }}`, "aes.txt", []string{"plain.txt"}},
	} {
		t.Run(name, func(t *testing.T) {
			var want string
			for _, file := range tc.want {
				want += fixture(t, file)
			}
			got, err := execute(t, tc.text, map[string]string{
				"in": fixture(t, tc.in), "key": fixture(t, "leaf.key.pem"), "pkcs1": fixture(t, "rsa-pkcs1.key.pem"),
			})
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

// TestGoldenText holds functions against what coreutils, python and the documentation of sprig and Go say.
func TestGoldenText(t *testing.T) {
	for text, want := range map[string]string{
		`{{ certSANs .leaf | join "," }}`: "leaf.example.com,*.example.com,192.0.2.7,2001:db8::1,ops@example.com,spiffe://example.com/leaf",
		`{{ certSANs .root | len }}`:      "0",
		// printf %s text | sha1sum, sha256sum, sha512sum, base64, base32; python's zlib.adler32.
		`{{ sha1sum "text" }}`:                        "372ea08cab33e71c02c651dbc83a474d32c676ea",
		`{{ sha256sum "text" }}`:                      "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
		`{{ adler32sum "text" }}`:                     "73859526",
		`{{ b64enc "text" }} {{ b64dec "dGV4dA==" }}`: "dGV4dA== text",
		`{{ b32enc "text" }} {{ b32dec "ORSXQ5A=" }}`: "ORSXQ5A= text",
		`{{ hexdec "74657874" }}`:                     "text",
		// The example of sprig's documentation.
		`{{ derivePassword 1 "long" "password" "user" "example.com" }}`:                              "ZedaFaxcZaso9*",
		`{{ regexReplaceAll "a(x*)b" "-ab-axxb-" "${1}W" }}`:                                         "-W-xxW-",
		`{{ semverCompare "^1.2.0" "1.3.0" }}`:                                                       "true",
		`{{ "a b c" | splitList " " | reverse | join "/" }}`:                                         "c/b/a",
		`{{ seq 2 2 10 }}|{{ seq 5 }}|{{ untilStep 3 9 3 }}`:                                         "2 4 6 8 10|1 2 3 4 5|[3 6]",
		`{{ "one\ntwo" | indent 2 }}`:                                                                "  one\n  two",
		`{{ "one\ntwo" | nindent 1 }}`:                                                               "\n one\n two",
		`{{ printf "%5d|%-5s|%.2f|%q|%[2]s" 42 "a" 3.14159 "b" }}`:                                   "   42|a    |3.14|\"b\"|a",
		`{{ toYaml (dict "b" 1 "a" (list "x")) }}`:                                                   "a:\n- x\nb: 1",
		`{{ (fromYaml "a: {b: 3}").a.b }}`:                                                           "3",
		`{{ (fromYaml "[").Error }}`:                                                                 "not a YAML map",
		`{{ (fromJson "{\"a\":[1,2]}").a }}`:                                                         "[1 2]",
		`{{ fromJson "broken" }}`:                                                                    "<no value>",
		`{{ toPrettyJson (dict "a" 1) }}`:                                                            "{\n  \"a\": 1\n}",
		`{{ wrapWith 3 "-" "abcdef" }}`:                                                              "abc-def",
		`{{ replace "b" "xx" "abcb" }}`:                                                              "axxcxx",
		`{{ range $k, $v := dict "a" 1 }}{{ $k }}{{ $v }}{{ end }}`:                                  "a1",
		`{{ with $x := 3 }}{{ $x }}{{ end }}{{ range 3 }}{{ . }}{{ end }}`:                           "3012",
		`{{ chunk 2 (list 1 2 3) }}`:                                                                 "[[1 2] [3]]",
		`{{ list 1 2 1 | uniq }} {{ without (list 1 2) 1 }}`:                                         "[1 2] [2]",
		`{{ define "x" }}<{{ . }}>{{ end }}{{ template "x" "in" }}{{ block "y" 1 }}{{ . }}{{ end }}`: "<in>1",
		`{{ range list 1 2 3 }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ . }}{{ end }}`:               "13",
		`{{ html "<" }}{{ js "'" }}{{ urlquery "a b" }}{{ print 1 2 }}{{ println "x" }}`:             "&lt;\\'a+b1 2x\n",
		`{{- /* nothing */ -}}`:                                                                      "",
		``:                                                                                           "",
		`{{ true }} {{ 1.5 }} {{ 'a' }} {{ "s" }}`:                                                   "true 1.5 97 s",
	} {
		got, err := execute(t, text, map[string]string{"leaf": fixture(t, "leaf.pem"), "root": fixture(t, "root.pem")})
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

// TestOpenSSLReadsOurArchives gives the archives that we make to openssl.
func TestOpenSSLReadsOurArchives(t *testing.T) {
	openssl := tool(t, "openssl")
	data := map[string]string{
		"chain": fixture(t, "chain.pem"), "leaf": fixture(t, "leaf.pem"), "key": fixture(t, "leaf.key.pem"),
		"ec": fixture(t, "ec-sec1.key.pem"), "ed25519": fixture(t, "ed25519.key.pem"), "pkcs1": fixture(t, "rsa-pkcs1.key.pem"),
		"spaced": "remark\n" + fixture(t, "leaf.pem") + "\n\n" + fixture(t, "root.pem") + "\n",
	}
	for text, want := range map[string]struct {
		password     string
		certificates int
		key          string
	}{
		`{{ pemToPkcs12 .leaf .key }}`:               {"", 1, data["key"]},
		`{{ pemToPkcs12Pass .chain .key "p" }}`:      {"p", 1, data["key"]},
		`{{ fullPemToPkcs12 .chain .key }}`:          {"", 3, data["key"]},
		`{{ fullPemToPkcs12Pass .chain .key "p" }}`:  {"p", 3, data["key"]},
		`{{ fullPemToPkcs12Pass .chain .ec "p" }}`:   {"p", 3, fixture(t, "ec.key.pem")},
		`{{ pemToPkcs12Pass .leaf .ed25519 "pä" }}`:  {"pä", 1, fixture(t, "ed25519.key.pem")},
		`{{ fullPemToPkcs12 .spaced .pkcs1 }}`:       {"", 2, data["key"]},
		`{{ pemTruststoreToPKCS12 .chain }}`:         {"", 3, ""},
		`{{ pemTruststoreToPKCS12Pass .chain "p" }}`: {"p", 3, ""},
	} {
		t.Run(text, func(t *testing.T) {
			encoded, err := execute(t, text, data)
			require.NoError(t, err)
			archive, err := base64.StdEncoding.DecodeString(encoded)
			require.NoError(t, err)
			out, err := exec.Command(openssl, "pkcs12", "-in", file(t, "archive.p12", string(archive)), "-nodes", "-passin", "pass:"+want.password).Output()
			require.NoError(t, err)
			require.Equal(t, want.certificates, strings.Count(string(out), "BEGIN CERTIFICATE"))
			require.Contains(t, string(out), want.key)
			// What was put in comes out of our own decoder as well.
			if want.key != "" {
				key, err := pkcs12KeyPass(want.password, string(archive))
				require.NoError(t, err)
				require.Equal(t, want.key, key)
			}
		})
	}
}

func TestPasswordHashes(t *testing.T) {
	out, err := execute(t, `{{ htpasswd "user" "secret" }} {{ bcrypt "secret" }}`, nil)
	require.NoError(t, err)
	htpasswd, hash, _ := strings.Cut(out, " ")
	require.NoError(t, bcrypt.CompareHashAndPassword([]byte(hash), []byte("secret")))
	require.NoError(t, bcrypt.CompareHashAndPassword([]byte(strings.TrimPrefix(htpasswd, "user:")), []byte("secret")))
}
