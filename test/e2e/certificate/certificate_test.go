package certificate

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// TestStart: nobody gave the server a certificate, and requests reach it all the same, or this package would not have
// begun.
func TestStart(t *testing.T) {
	held := secret(t)
	require.Equal(t, corev1.SecretTypeTLS, held.Type)
	require.Equal(t, "external-secrets-apiserver", held.Labels["app.kubernetes.io/managed-by"])
	require.NotEmpty(t, bundle(t))
	registered := apiService(t)
	_, skips, err := unstructured.NestedBool(registered.Object, "spec", "insecureSkipTLSVerify")
	require.NoError(t, err)
	require.False(t, skips)
	for _, entry := range registered.GetManagedFields() {
		if entry.Manager == "external-secrets-apiserver-serving-cert" {
			require.JSONEq(t, `{"f:spec":{"f:caBundle":{}}}`, string(entry.FieldsV1.GetRawBytes()), "nothing else of it is touched")
			return
		}
	}
	t.Fatal("the bundle is not the server's")
}

// TestRotation: two authorities and many leaves come and go under a client, and no request fails.
func TestRotation(t *testing.T) {
	reader := startReader(t)
	standing := newConnection(t)
	standing.ask(t)
	leaves, authorities := map[string]bool{}, map[string]bool{}
	first := shown(t).Issuer.CommonName
	framework.EventuallyWithin(t, 4*authorityLife, "leaves of three authorities were shown", func(context.Context) error {
		leaf := shown(t)
		leaves[leaf.SerialNumber.String()], authorities[leaf.Issuer.CommonName] = true, true
		require.LessOrEqual(t, len(bundle(t)), 2, "an authority that has ended is trusted no more")
		if len(authorities) < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	require.Greater(t, len(leaves), 4)
	require.Contains(t, authorities, first)
	standing.ask(t)
	require.Equal(t, 1, standing.dials, "who was connected stays connected")
	require.Greater(t, reader.stop(), 100)
}

func TestTheSecretIsDeleted(t *testing.T) {
	reader := startReader(t)
	before := secret(t)
	require.NoError(t, env.Host(t).CoreV1().Secrets(namespace).Delete(t.Context(), secretName, metav1.DeleteOptions{}))
	awaitAnotherAuthority(t, before)
	require.NotEqual(t, before.UID, secret(t).UID)
	require.Positive(t, reader.stop())
}

func TestTheSecretIsDamaged(t *testing.T) {
	reader := startReader(t)
	before := secret(t)
	_, err := env.Host(t).CoreV1().Secrets(namespace).Patch(t.Context(), secretName, types.MergePatchType,
		[]byte(`{"data":{"tls.crt":"eA==","tls.key":"eA==","ca.crt":"eA==","ca.key":null}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	awaitAnotherAuthority(t, before)
	require.Positive(t, reader.stop())
}

// awaitAnotherAuthority waits until a leaf is shown that another authority than the one before signed, and is trusted.
func awaitAnotherAuthority(t *testing.T, before *corev1.Secret) {
	t.Helper()
	old := parse(t, before.Data["tls.crt"])[0].Issuer.CommonName
	framework.Eventually(t, "another authority signs", func(context.Context) error {
		if shown(t).Issuer.CommonName == old {
			return errors.New("it is the one before")
		}
		return nil
	})
}

func TestTheBundleIsEmptied(t *testing.T) {
	_, err := env.Dynamic(t).Resource(apiServices).Patch(t.Context(), apiServiceName, types.MergePatchType,
		[]byte(`{"spec":{"caBundle":null}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	framework.Eventually(t, "the bundle is back, and requests arrive", func(ctx context.Context) error {
		if len(bundle(t)) == 0 {
			return errors.New("it is empty")
		}
		_, err := env.Clientset(t).ExternalSecretsV1().ExternalSecrets("").List(ctx, metav1.ListOptions{})
		return err
	})
}

// TestRestart: a server that starts takes what is there.
func TestRestart(t *testing.T) {
	before := parse(t, secret(t).Data["ca.crt"])
	env.Server.Stop(t)
	env.Server.Start(t)
	after := parse(t, secret(t).Data["ca.crt"])
	require.True(t, slices.ContainsFunc(before, func(cert *x509.Certificate) bool { return slices.ContainsFunc(after, cert.Equal) }))
}

// TestNothingOfAKeyIsLogged looks through the log of all that went before, for what any of its keys would look like.
func TestNothingOfAKeyIsLogged(t *testing.T) {
	log := env.Server.Log(t)
	require.Contains(t, log, "Wrote the serving certificate")
	for _, sign := range []string{"PRIVATE KEY", "LS0tLS1", "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49"} {
		require.NotContains(t, log, sign)
	}
}
