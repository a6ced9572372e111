package framework

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// App applies an ExternalSecret of the store vault, and returns the Secret that it owns.
func (f *Tenant) App(t testing.TB, name string) *corev1.Secret {
	t.Helper()
	f.Kubectl.Apply(fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %s}
spec:
  secretStoreRef: {name: vault}
  data: [{secretKey: password, remoteRef: {key: my-app, property: db_pass}}]
`, name))
	var written *corev1.Secret
	Eventually(t, "Secret "+name+" belongs to its ExternalSecret", func(ctx context.Context) (err error) {
		if written, err = f.env.Host(t).CoreV1().Secrets(f.Namespace).Get(ctx, name, metav1.GetOptions{}); err != nil {
			return err
		}
		if owner := metav1.GetControllerOf(written); owner == nil || owner.UID != f.Stored(t, name).UID {
			return fmt.Errorf("it belongs to %v", owner)
		}
		return nil
	})
	return written
}

// Stands requires a Secret to be as it was written.
func (f *Tenant) Stands(t testing.TB, written *corev1.Secret) {
	t.Helper()
	found, err := f.env.Host(t).CoreV1().Secrets(written.Namespace).Get(t.Context(), written.Name, metav1.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, written.UID, found.UID)
	require.Equal(t, written.ResourceVersion, found.ResourceVersion, "it is not even touched")
}
