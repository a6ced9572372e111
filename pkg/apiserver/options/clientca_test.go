package options

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/util/cert"
)

func authority(t *testing.T, host string) string {
	t.Helper()
	text, _, err := cert.GenerateSelfSignedCertKey(host, nil, nil)
	require.NoError(t, err)
	return string(text)
}

func published(authorities string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: authenticationConfigMap},
		Data:       map[string]string{clientCAKey: authorities},
	}
}

// TestClientsAreKnownFromTheStart: nothing runs yet, and certificates are verified already; from then on the host is followed.
func TestClientsAreKnownFromTheStart(t *testing.T) {
	first, second := authority(t, "first"), authority(t, "second")
	client := fake.NewClientset(published(first))
	authorities, err := newClientCA(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, first, string(authorities.CurrentCABundleContent()))
	_, ok := authorities.VerifyOptions()
	require.True(t, ok)

	_, err = client.CoreV1().ConfigMaps(metav1.NamespaceSystem).Update(t.Context(), published(second), metav1.UpdateOptions{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		authorities.Run(ctx, 1)
	}()
	require.Eventually(t, func() bool { return string(authorities.CurrentCABundleContent()) == second }, time.Minute, 10*time.Millisecond)
	cancel()
	<-done
}

func TestAHostWithoutClientCertificates(t *testing.T) {
	for name, client := range map[string]*fake.Clientset{
		"nothing is published": fake.NewClientset(),
		"no authority is":      fake.NewClientset(published("")),
	} {
		t.Run(name, func(t *testing.T) {
			authorities, err := newClientCA(t.Context(), client)
			require.NoError(t, err)
			require.Empty(t, authorities.CurrentCABundleContent())
			_, ok := authorities.VerifyOptions()
			require.False(t, ok)
		})
	}
}

func TestClientCAThatCannotBeRead(t *testing.T) {
	client := fake.NewClientset()
	client.PrependReactor("get", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewServiceUnavailable("restarting")
	})
	_, err := newClientCA(t.Context(), client)
	require.ErrorContains(t, err, "restarting")
	_, err = newClientCA(t.Context(), fake.NewClientset(published("no certificate")))
	require.ErrorContains(t, err, clientCAKey)
}
