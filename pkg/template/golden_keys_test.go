package template

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGoldenArchives opens what openssl and keytool packed; see testdata/generate.sh.
func TestGoldenArchives(t *testing.T) {
	const password = "test-password"
	chain := []string{"chain.pem"}
	for file, tc := range map[string]struct {
		password     string
		key          string
		certificates []string
	}{
		"modern.p12":                {password, "leaf.key.pem", chain},
		"legacy.p12":                {password, "leaf.key.pem", chain},
		"triple-des.p12":            {password, "leaf.key.pem", chain},
		"java.p12":                  {password, "leaf.key.pem", chain},
		"clear.p12":                 {password, "leaf.key.pem", chain},
		"empty-password.p12":        {"", "leaf.key.pem", chain},
		"legacy-empty-password.p12": {"", "leaf.key.pem", chain},
		"open.p12":                  {"", "leaf.key.pem", chain},
		"unordered.p12":             {"pässwörd", "leaf.key.pem", chain},
		"ed25519.p12":               {password, "ed25519.key.pem", []string{"ed25519.pem"}},
		"p384.p12":                  {password, "p384.key.pem", []string{"p384.pem"}},
	} {
		t.Run(file, func(t *testing.T) {
			data := map[string]string{"in": fixture(t, file), "password": tc.password}
			key, err := execute(t, `{{ pkcs12keyPass .password .in }}`, data)
			require.NoError(t, err)
			require.Equal(t, fixture(t, tc.key), key)
			certificates, err := execute(t, `{{ .in | pkcs12certPass .password }}`, data)
			require.NoError(t, err)
			require.Equal(t, fixtures(t, tc.certificates...), certificates)
			if tc.password == "" {
				both, err := execute(t, `{{ pkcs12key .in }}{{ .in | b64enc | b64dec | pkcs12cert }}`, data)
				require.NoError(t, err)
				require.Equal(t, key+certificates, both)
			}
		})
	}
}

// TestGoldenKeys reads the JSON Web Keys that node wrote, and what openssl and node encrypted.
func TestGoldenKeys(t *testing.T) {
	for name, tc := range map[string]struct{ text, in, want string }{
		"P-384 private":           {`{{ jwkPrivateKeyPem .in }}`, "p384-private.jwk", "p384.key.pem"},
		"P-384 public":            {`{{ .in | jwkPublicKeyPem }}`, "p384-public.jwk", "p384.public.pem"},
		"P-521 private":           {`{{ jwkPrivateKeyPem .in }}`, "p521-private.jwk", "p521.key.pem"},
		"P-521 public":            {`{{ jwkPublicKeyPem .in }}`, "p521-public.jwk", "p521.public.pem"},
		"P-521 public of private": {`{{ jwkPublicKeyPem .in }}`, "p521-private.jwk", "p521.public.pem"},
		"Ed25519 private":         {`{{ jwkPrivateKeyPem .in }}`, "ed25519-private.jwk", "ed25519.key.pem"},
		"Ed25519 public":          {`{{ jwkPublicKeyPem .in }}`, "ed25519-public.jwk", "ed25519.public.pem"},
		"node SHA1":               {`{{ rsaDecrypt "RSA-OAEP" "SHA1" .in .key }}`, "node-sha1.bin", "plain.txt"},
		"node SHA256":             {`{{ .key | rsaDecrypt "RSA-OAEP" "SHA256" .in }}`, "node-sha256.bin", "plain.txt"},
		"node SHA512":             {`{{ rsaDecrypt "RSA-OAEP" "SHA512" (.in | b64enc | b64dec) .key }}`, "node-sha512.bin", "plain.txt"},
		"unknown hash is SHA256":  {`{{ rsaDecrypt "RSA-OAEP" "MD5" .in .key }}`, "node-sha256.bin", "plain.txt"},
		"remark before the key":   {`{{ rsaDecrypt "RSA-OAEP" "SHA256" .in (print "a remark\n" .key) }}`, "node-sha256.bin", "plain.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := execute(t, tc.text, map[string]string{"in": fixture(t, tc.in), "key": fixture(t, "leaf.key.pem")})
			require.NoError(t, err)
			require.Equal(t, fixture(t, tc.want), got)
		})
	}
}

// TestGoldenChains filters PEM in any order and company.
func TestGoldenChains(t *testing.T) {
	key, leaf, between, root := "leaf.key.pem", "leaf.pem", "intermediate.pem", "root.pem"
	const remark = "some junk"
	for name, tc := range map[string]struct {
		text string
		in   string
		want []string
	}{
		"certificate, certificate first": {`{{ filterPEM "CERTIFICATE" .in }}`, fixtures(t, leaf, key), []string{leaf}},
		"certificate, key first":         {`{{ filterPEM "Certificate" .in }}`, fixtures(t, key, leaf), []string{leaf}},
		"several between keys":           {`{{ .in | filterPEM "CERTIFICATE" }}`, fixtures(t, key, leaf, key, root), []string{leaf, root}},
		"key":                            {`{{ .in | filterPEM "private key" }}`, fixtures(t, root, key), []string{key}},
		"junk at the end":                {`{{ .in | filterPEM "PRIVATE KEY" }}`, fixtures(t, root, key) + "--- junk ---", []string{key}},
		"junk around":                    {`{{ .in | filterPEM "PRIVATE KEY" }}`, remark + fixtures(t, root, key) + remark, []string{key}},
		"a line between":                 {`{{ .in | filterPEM "PRIVATE KEY" }}`, fixture(t, root) + remark + "\n" + fixture(t, key), []string{key}},
		"line ends of Windows":           {`{{ .in | filterPEM "CERTIFICATE" }}`, strings.ReplaceAll(fixtures(t, leaf, root), "\n", "\r\n"), []string{leaf, root}},
		"nothing":                        {`{{ .in | filterPEM "CERTIFICATE" }}`, "", nil},
		"leaf without root":              {`{{ .in | filterCertChain "leaf" }}`, fixtures(t, between, leaf), []string{leaf}},
		"intermediate without root":      {`{{ .in | filterCertChain "intermediate" }}`, fixtures(t, leaf, between), []string{between}},
		"intermediate without leaf":      {`{{ .in | filterCertChain "intermediate" }}`, fixtures(t, root, between), nil},
		"root without leaf":              {`{{ .in | filterCertChain "root" }}`, fixtures(t, root, between), []string{root}},
		"leaf among three":               {`{{ .in | filterCertChain "leaf" }}`, fixtures(t, between, root, leaf), []string{leaf}},
		"intermediate among three":       {`{{ .in | filterCertChain "intermediate" }}`, fixtures(t, root, between, leaf), []string{between}},
		"root among three":               {`{{ .in | filterCertChain "root" }}`, fixtures(t, root, leaf, between), []string{root}},
		"root without key ids":           {`{{ .in | filterCertChain "root" }}`, fixture(t, "bare.pem"), []string{"bare.pem"}},
		"no leaf without key ids":        {`{{ .in | filterCertChain "leaf" }}`, fixture(t, "bare.pem"), nil},
		"part of a filtered file":        {`{{ .in | filterPEM "CERTIFICATE" | filterCertChain "leaf" }}`, fixtures(t, key, between, leaf), []string{leaf}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := execute(t, tc.text, map[string]string{"in": tc.in})
			require.NoError(t, err)
			require.Equal(t, fixtures(t, tc.want...), got)
		})
	}
	names, err := execute(t, `{{ certSANs (print "remark\n" .in) | first }} {{ index (certSANs .in) 1 }} {{ .in | certSANs | len }}{{ certSANs .bare | toJson }}`,
		map[string]string{"in": fixtures(t, leaf, root), "bare": fixture(t, "bare.pem")})
	require.NoError(t, err)
	require.Equal(t, "leaf.example.com *.example.com 6[]", names)
}

// TestGoldenFailures gives each function what it cannot take.
func TestGoldenFailures(t *testing.T) {
	data := map[string]string{
		"canary": canary, "empty": "", "key": fixture(t, "leaf.key.pem"), "otherKey": fixture(t, "other.key.pem"), "ecKey": fixture(t, "ec.key.pem"),
		"leaf": fixture(t, "leaf.pem"), "chain": fixture(t, "chain.pem"), "two": fixtures(t, "leaf.pem", "bare.pem", "intermediate.pem"),
		"withKey": fixtures(t, "leaf.pem", "root.key.pem"), "glued": fixture(t, "leaf.pem") + canary + fixture(t, "leaf.key.pem"),
		"sha256": fixture(t, "node-sha256.bin"), "pkcs1": fixture(t, "node-pkcs1.bin"), "secret": fixture(t, "secret.jwk"), "x25519": fixture(t, "x25519-private.jwk"),
		"publicJWK": fixture(t, "p384-public.jwk"), "modern": fixture(t, "modern.p12"), "keyAlone": fixture(t, "key-alone.p12"),
		"certificatesAlone": fixture(t, "certificates-alone.p12"), "trust": fixture(t, "java-trust.p12"), "aes": fixture(t, "aes.txt"),
		"noPoint": `{"kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB"}`,
	}
	for _, call := range []string{
		`pkcs12keyPass "wrong" .modern`, `pkcs12certPass "wrong" .modern`, `pkcs12key .modern`, `pkcs12cert .modern`, `pkcs12key .empty`, `pkcs12cert .canary`,
		`pkcs12keyPass "test-password" .keyAlone`, `pkcs12keyPass "test-password" .certificatesAlone`, `pkcs12certPass "test-password" .trust`,
		`pkcs12keyPass "test-password" (b64enc .modern)`,
		`pemToPkcs12 .canary .key`, `pemToPkcs12 .empty .key`, `pemToPkcs12 .leaf .empty`, `pemToPkcs12 .leaf .leaf`, `pemToPkcs12Pass .key .key "p"`,
		`fullPemToPkcs12 .empty .key`, `fullPemToPkcs12 .withKey .key`, `fullPemToPkcs12Pass .chain .canary "p"`,
		`pemTruststoreToPKCS12 .key`, `pemTruststoreToPKCS12Pass .withKey "p"`,
		`filterPEM "CERTIFICATE" .canary`, `filterPEM "PRIVATE KEY" .glued`, `filterCertChain "leaf" .empty`, `filterCertChain "leaf" .canary`, `filterCertChain "leaf" .withKey`, `filterCertChain "leaf" .two`,
		`certSANs .empty`, `certSANs .canary`, `certSANs .key`,
		`jwkPublicKeyPem .empty`, `jwkPublicKeyPem .canary`, `jwkPublicKeyPem .secret`, `jwkPublicKeyPem .x25519`, `jwkPrivateKeyPem .x25519`, `jwkPublicKeyPem .noPoint`, `jwkPrivateKeyPem .secret`, `jwkPrivateKeyPem .publicJWK`, `jwkPrivateKeyPem "{}"`,
		`rsaDecrypt "RSA-OAEP" "SHA512" .sha256 .key`, `rsaDecrypt "RSA-OAEP" "SHA256" .sha256 .otherKey`, `rsaDecrypt "RSA-OAEP" "SHA256" .sha256 .ecKey`, `rsaDecrypt "RSA-OAEP" "SHA256" .pkcs1 .key`,
		`rsaDecrypt "RSA-OAEP" "SHA256" .canary .key`, `rsaDecrypt "RSA-OAEP" "SHA256" .empty .key`, `rsaDecrypt "RSA-OAEP" "SHA256" .sha256 .canary`, `rsaDecrypt "RSAES-PKCS1-V1_5" "" .pkcs1 .key`,
		`decryptAES "test-password" .canary`, `hexdec "0g"`, `hexdec "0"`, `mustFromJson .canary`, `mustToDate "2006" .canary`, `mustRegexMatch "(" .canary`, `htpasswd "a:b" .canary`,
		`genCAWithKey "ca" 1 .canary`, `genSelfSignedCert "a" (list .canary) nil 1`, `buildCustomCert .canary .canary`, `genSignedCert "a" nil nil 1 (buildCustomCert (b64enc .leaf) (b64enc .canary))`,
	} {
		t.Run(call, func(t *testing.T) {
			_, err := execute(t, "{{ "+call+" }}", data)
			var failure *Error
			require.ErrorAs(t, err, &failure)
			require.Equal(t, FunctionFailed, failure.Class)
			require.NotContains(t, err.Error(), canary)
		})
	}
}
