package template

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tool finds a program that is to read what we make, or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: it would have read what we make", name)
	}
	return path
}

// file keeps content in a file of the test's own.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// TestKeytoolReadsOurTrustStores gives trust stores to Java, which takes no certificate for trusted that is not marked so.
func TestKeytoolReadsOurTrustStores(t *testing.T) {
	keytool := tool(t, "keytool")
	for _, password := range []string{"changeit", "p4ssw0rd"} {
		encoded, err := execute(t, `{{ pemTruststoreToPKCS12Pass .chain .password }}`,
			map[string]string{"chain": fixtures(t, "intermediate.pem", "root.pem"), "password": password})
		require.NoError(t, err)
		archive, err := base64.StdEncoding.DecodeString(encoded)
		require.NoError(t, err)
		out, err := exec.Command(keytool, "-list", "-keystore", file(t, "trust.p12", string(archive)), "-storepass", password).CombinedOutput()
		require.NoError(t, err, string(out))
		require.Equal(t, 2, strings.Count(string(out), "trustedCertEntry"), string(out))
	}
}

// TestOpenSSLReadsOurCiphertext decrypts what encryptAES made.
func TestOpenSSLReadsOurCiphertext(t *testing.T) {
	openssl := tool(t, "openssl")
	const password = "a password of no more than 32 by"
	encoded, err := execute(t, `{{ encryptAES .password .plain }}`, map[string]string{"password": password, "plain": fixture(t, "plain.txt")})
	require.NoError(t, err)
	sealed, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	const hexDigits = "%x"
	key, err := execute(t, `{{ printf .form .in }}`, map[string]string{"form": hexDigits, "in": password})
	require.NoError(t, err)
	iv, err := execute(t, `{{ printf .form .in }}`, map[string]string{"form": hexDigits, "in": string(sealed[:16])})
	require.NoError(t, err)
	plain, err := exec.Command(openssl, "enc", "-d", "-aes-256-cbc", "-K", key, "-iv", iv, "-in", file(t, "sealed", string(sealed[16:]))).Output()
	require.NoError(t, err)
	require.Equal(t, fixture(t, "plain.txt"), string(plain))
}

// TestHtpasswdReadsOurLines verifies password hashes.
func TestHtpasswdReadsOurLines(t *testing.T) {
	htpasswd := tool(t, "htpasswd")
	lines, err := execute(t, `{{ htpasswd "one" "secret" }}{{ "\n" }}{{ htpasswd "two" "secret" "bcrypt" }}{{ "\n" }}{{ htpasswd "three" "secret" "sha" }}`, nil)
	require.NoError(t, err)
	path := file(t, "passwords", lines+"\n")
	for _, user := range []string{"one", "two", "three"} {
		require.NoError(t, exec.Command(htpasswd, "-vb", path, user, "secret").Run(), user)
		require.Error(t, exec.Command(htpasswd, "-vb", path, user, "Secret").Run(), user)
	}
}

// TestCertificates verifies what the functions that make certificates made, with the keys that are said to belong to them.
func TestCertificates(t *testing.T) {
	const text = `{{ $ca := genCA "Test CA" 30 }}{{ $signed := genSignedCert "signed" (list "192.0.2.1") (list "signed.example.com") 10 $ca }}
{{- $self := genSelfSignedCert "self" nil (list "self.example.com") 10 }}{{ $key := genPrivateKey .kind }}
{{- $keyCA := genCAWithKey "Key CA" 30 $key }}{{ $keySigned := genSignedCertWithKey "signed" nil (list "signed.example.com") 10 $keyCA $key }}
{{- $keySelf := genSelfSignedCertWithKey "self" nil (list "self.example.com") 10 $key }}{{ $built := buildCustomCert (b64enc $ca.Cert) (b64enc $ca.Key) }}
{{- dict "ca" $ca "signed" $signed "self" $self "keyCA" $keyCA "keySigned" $keySigned "keySelf" $keySelf "built" $built | toJson }}`
	for _, kind := range []string{"ecdsa", "ed25519"} {
		out, err := execute(t, text, map[string]string{"kind": kind})
		require.NoError(t, err)
		var made map[string]struct{ Cert, Key string }
		require.NoError(t, json.Unmarshal([]byte(out), &made))
		require.Equal(t, made["ca"], made["built"])
		for name, issuer := range map[string]string{"signed": "ca", "self": "self", "keySigned": "keyCA", "keySelf": "keySelf"} {
			pair, err := tls.X509KeyPair([]byte(made[name].Cert), []byte(made[name].Key))
			require.NoError(t, err, name)
			roots := x509.NewCertPool()
			require.True(t, roots.AppendCertsFromPEM([]byte(made[issuer].Cert)), name)
			host := strings.ToLower(strings.TrimPrefix(name, "key")) + ".example.com"
			_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host})
			require.NoError(t, err, name)
			_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: time.Now().AddDate(0, 0, 11)})
			require.Error(t, err, name)
		}
	}
}
