package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	typed "github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned/typed/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// manifestCopy is a copy of artifacts/deploy.
func manifestCopy(t *testing.T) string {
	t.Helper()
	manifests, err := framework.ManifestDir()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "deploy")
	require.NoError(t, os.CopyFS(dir, os.DirFS(manifests)))
	return dir
}

// TestInstallation applies the kustomization to the cluster: everything in it is
// accepted, and pods are as restricted as the namespace asks for.
func TestInstallation(t *testing.T) {
	t.Parallel()
	dir := manifestCopy(t)
	k := env.Kubectl(t)
	stdout, stderr, err := k.Do("", "apply", "-k", dir, "--dry-run=server", "--validate=strict")
	require.NoError(t, err)
	require.NotContains(t, stderr, "would violate PodSecurity")
	for _, object := range []string{
		"namespace/external-secrets", "serviceaccount/external-secrets-apiserver",
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
	require.NotContains(t, rendered, "caBundle:", "an apply would take away what the server filled in")
	for _, forbidden := range []string{`"*"`, "- '*'", "cluster-admin"} {
		require.NotContains(t, rendered, forbidden, fmt.Sprintf("%s is no least privilege", forbidden))
	}
}

// TestCertificateFilesAreReplaced has the certificate that the server is given in
// files replaced under it, as cert-manager does.
func TestCertificateFilesAreReplaced(t *testing.T) {
	stop := make(chan struct{})
	var asking sync.WaitGroup
	client := externalSecrets(t, apiNamespace(t))
	asking.Go(func() { askUntil(t, stop, client) })
	t.Cleanup(asking.Wait)
	t.Cleanup(func() { close(stop) })

	cert, key, _, err := env.ControlPlane.ServingCert("external-secrets-apiserver.external-secrets.svc", "localhost", "127.0.0.1")
	require.NoError(t, err)
	serveCertificate(t, cert, key)
	_, err = client.List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
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
