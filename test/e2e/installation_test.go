package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	typed "github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned/typed/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// manifestCopy is a copy of artifacts/deploy without certificates.
func manifestCopy(t *testing.T) string {
	t.Helper()
	manifests, err := framework.ManifestDir()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "deploy")
	require.NoError(t, os.CopyFS(dir, os.DirFS(manifests)))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "certificates")))
	return dir
}

func makeCert(t *testing.T, dir string) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), filepath.Join(dir, "make-cert.sh")).CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// TestInstallation applies the kustomization to the cluster: everything in it is
// accepted, and pods are as restricted as the namespace asks for.
func TestInstallation(t *testing.T) {
	t.Parallel()
	dir := manifestCopy(t)
	k := env.Kubectl(t)
	require.Contains(t, k.Fails("", "kustomize", dir), "certificates/tls.crt", "without a certificate there is no installation")

	makeCert(t, dir)
	stdout, stderr, err := k.Do("", "apply", "-k", dir, "--dry-run=server", "--validate=strict")
	require.NoError(t, err)
	require.NotContains(t, stderr, "would violate PodSecurity")
	for _, object := range []string{
		"namespace/external-secrets", "serviceaccount/external-secrets-apiserver", "secret/external-secrets-apiserver-tls",
		"statefulset.apps/external-secrets-apiserver", "poddisruptionbudget.policy/external-secrets-apiserver",
		"apiservice.apiregistration.k8s.io/v1.external-secrets.io",
	} {
		require.Contains(t, stdout, object)
	}
	requireNoSkippedVerification(t, k.Run("kustomize", dir))
}

func requireNoSkippedVerification(t *testing.T, rendered string) {
	t.Helper()
	require.NotContains(t, rendered, "insecureSkipTLSVerify")
	require.Contains(t, rendered, "caBundle:")
	for _, forbidden := range []string{`"*"`, "- '*'", "cluster-admin"} {
		require.NotContains(t, rendered, forbidden, fmt.Sprintf("%s is no least privilege", forbidden))
	}
}

var apiServices = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}

func setCABundle(t *testing.T, ca []byte) {
	t.Helper()
	patch := fmt.Appendf(nil, `{"spec":{"caBundle":%q}}`, base64.StdEncoding.EncodeToString(ca))
	_, err := env.Dynamic(t).Resource(apiServices).Patch(context.WithoutCancel(t.Context()), "v1.external-secrets.io", types.MergePatchType, patch, metav1.PatchOptions{})
	require.NoError(t, err)
}

// TestCertificateIsReplaced does what the README of the manifests says, to a
// server that is being asked all the time.
func TestCertificateIsReplaced(t *testing.T) {
	namespace := apiNamespace(t)
	dir := manifestCopy(t)
	made := func(file string) string { return filepath.Join(dir, "certificates", file) }
	require.NoError(t, os.MkdirAll(filepath.Dir(made("ca.crt")), 0o755))
	require.NoError(t, os.WriteFile(made("ca.crt"), env.ControlPlane.CA(), 0o644))
	makeCert(t, dir)
	both, err := os.ReadFile(made("ca.crt"))
	require.NoError(t, err)
	require.Equal(t, 2, bytes.Count(both, []byte("BEGIN CERTIFICATE")), "the authority before stays trusted")

	stop := make(chan struct{})
	var asking sync.WaitGroup
	client := externalSecrets(t, namespace)
	asking.Go(func() { askUntil(t, stop, client) })
	t.Cleanup(asking.Wait)
	t.Cleanup(func() { close(stop) })

	certFile, keyFile := env.Server.CertFiles()
	certBefore, err := os.ReadFile(certFile)
	require.NoError(t, err)
	keyBefore, err := os.ReadFile(keyFile)
	require.NoError(t, err)
	certAfter, err := os.ReadFile(made("tls.crt"))
	require.NoError(t, err)
	keyAfter, err := os.ReadFile(made("tls.key"))
	require.NoError(t, err)

	setCABundle(t, both)
	serveCertificate(t, certAfter, keyAfter)
	// Whoever connects from here on sees the new certificate, and trusts no other.
	setCABundle(t, both[:bytes.Index(both, []byte("END CERTIFICATE"))+len("END CERTIFICATE-----\n")])
	_, err = client.List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)

	setCABundle(t, both)
	serveCertificate(t, certBefore, keyBefore)
	setCABundle(t, env.ControlPlane.CA())
}

// askUntil fails the test when a request does.
func askUntil(t *testing.T, stop <-chan struct{}, client typed.ExternalSecretInterface) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		_, err := client.List(context.WithoutCancel(t.Context()), metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			t.Errorf("a request failed: %v", err)
			return
		}
	}
}

// serveCertificate puts a certificate in the place of the server's own, and waits
// until the server shows it.
func serveCertificate(t *testing.T, cert, key []byte) {
	t.Helper()
	certFile, keyFile := env.Server.CertFiles()
	for file, content := range map[string][]byte{certFile: cert, keyFile: key} {
		require.NoError(t, os.WriteFile(file+".new", content, 0o600))
		require.NoError(t, os.Rename(file+".new", file))
	}
	pair, err := tls.X509KeyPair(cert, key)
	require.NoError(t, err)
	framework.Eventually(t, "the server shows the certificate", func(ctx context.Context) error {
		dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // which certificate it is is the question
		conn, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(env.Server.URL(), "https://"))
		if err != nil {
			return err
		}
		defer conn.Close()
		if shown := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]; !bytes.Equal(shown.Raw, pair.Certificate[0]) {
			return errors.New("it shows another one")
		}
		return nil
	})
}
