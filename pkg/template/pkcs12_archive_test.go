package template

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPKCS12Failures(t *testing.T) {
	for name, tc := range map[string]struct{ text, in string }{
		"wrong password":      {`{{ pkcs12keyPass "wrong" .in }}`, fixture(t, "modern.p12")},
		"no password":         {`{{ pkcs12cert .in }}`, fixture(t, "modern.p12")},
		"cut off":             {`{{ pkcs12keyPass "test-password" .in }}`, fixture(t, "modern.p12")[:1000]},
		"trailing data":       {`{{ pkcs12keyPass "test-password" .in }}`, fixture(t, "modern.p12") + "x"},
		"no archive":          {`{{ pkcs12key .in }}`, canary},
		"nothing":             {`{{ pkcs12key .in }}`, ""},
		"too many iterations": {`{{ pkcs12keyPass "test-password" .in }}`, fixture(t, "iterations.p12")},
		"hidden iterations":   {`{{ pkcs12key .in }}`, string(hiddenKey(t))},
		"no PEM":              {`{{ pemToPkcs12 .in .in }}`, canary},
		"no chain":            {`{{ fullPemToPkcs12 .in .in }}`, canary},
		"no key":              {`{{ pemToPkcs12 .in .in }}`, fixture(t, "leaf.pem")},
		"key as trust store":  {`{{ pemTruststoreToPKCS12 .in }}`, fixture(t, "leaf.key.pem")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := execute(t, tc.text, map[string]string{"in": tc.in})
			var failure *Error
			require.ErrorAs(t, err, &failure)
			require.Equal(t, FunctionFailed, failure.Class)
			require.NotEmpty(t, failure.Function)
			require.NotContains(t, err.Error(), canary)
		})
	}
}

// TestManyArchives opens archives until their iterations have used up the budget.
func TestManyArchives(t *testing.T) {
	_, err := execute(t, `{{ range 100000 }}{{ $x := pkcs12keyPass "test-password" $.in }}{{ end }}`,
		map[string]string{"in": fixture(t, "modern.p12")})
	var failure *Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, TooCostly, failure.Class)
}

// hiddenKey is an archive whose encrypted part holds an encrypted key that asks for two billion iterations.
func hiddenKey(t *testing.T) []byte {
	t.Helper()
	inner := algorithm(t, 2_000_000_000)
	key, err := asn1.Marshal(encryptedKey{Algorithm: inner, Content: make([]byte, 16)})
	require.NoError(t, err)
	bags, err := asn1.Marshal([]safeBag{{ID: oidEncryptedKey, Value: explicit(key)}})
	require.NoError(t, err)
	data, err := asn1.Marshal(encryptedData{Content: encryptedContent{
		ContentType: oidData, Algorithm: algorithm(t, 1), Content: encrypt(t, bags),
	}})
	require.NoError(t, err)
	parts, err := asn1.Marshal([]contentInfo{{ContentType: oidEncrypted, Content: explicit(data)}})
	require.NoError(t, err)
	content, err := dataContent(parts)
	require.NoError(t, err)
	archive, err := asn1.Marshal(struct {
		Version  int
		AuthSafe contentInfo
	}{3, content})
	require.NoError(t, err)
	_, err = readArchive(archive)
	require.NoError(t, err, "nothing that is readable without the password gives it away")
	return archive
}

// algorithm is PBES2 with an empty salt, AES-256-CBC and a zero initialization vector.
func algorithm(t *testing.T, iterations int) pkix.AlgorithmIdentifier {
	t.Helper()
	marshal := func(v any) asn1.RawValue {
		b, err := asn1.Marshal(v)
		require.NoError(t, err)
		return asn1.RawValue{FullBytes: b}
	}
	oidPBES2 := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidAES256 := asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
	kdf := pkix.AlgorithmIdentifier{Algorithm: oidPBKDF2, Parameters: marshal(struct {
		Salt       []byte
		Iterations int
		PRF        pkix.AlgorithmIdentifier
	}{[]byte{}, iterations, pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256}})}
	scheme := pkix.AlgorithmIdentifier{Algorithm: oidAES256, Parameters: marshal(make([]byte, aes.BlockSize))}
	return pkix.AlgorithmIdentifier{Algorithm: oidPBES2, Parameters: marshal(struct{ KDF, Scheme pkix.AlgorithmIdentifier }{kdf, scheme})}
}

// encrypt is plain by algorithm, one iteration, no password.
func encrypt(t *testing.T, plain []byte) []byte {
	t.Helper()
	key, err := pbkdf2.Key(sha256.New, "", nil, 1, 32)
	require.NoError(t, err)
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	out := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(padding)}, padding)...)
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(out, out)
	return out
}
