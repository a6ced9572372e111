package moving

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// app is an ExternalSecret with a finalizer, as ESO has each.
const app = `
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %s, finalizers: [externalsecrets.external-secrets.io/externalsecret-cleanup]}
spec:
  secretStoreRef: {name: vault}
  data: [{secretKey: password, remoteRef: {key: my-app, property: db_pass}}]
`

// A Secret that ESO wrote stays the same object on the way to this server and back. The garbage collector is awake: one that
// was not set free is deleted, and made again.
func TestThereAndBack(t *testing.T) {
	uninstallServer(t)
	installOperator(t)
	f := env.Tenant(t)
	collectorFollows(t, f)
	for _, name := range []string{"db", "left-out"} {
		f.Kubectl.Apply(fmt.Sprintf(app, name))
		write(t, f, name)
	}
	f.Kubectl.Run("label", "secret", "left-out", secret.LabelManaged+"-")
	before := standing(t, f, "db")

	dir := t.TempDir()
	there := commands(t, "Moving from External Secrets Operator")
	require.Len(t, there, 4, "save, webhooks, set free, CRDs")
	for _, block := range there {
		shell(t, dir, block)
	}
	collected(t, f, "left-out")
	env.Server.Start(t)
	shell(t, dir, "kubectl apply -f eso.yaml")
	framework.Eventually(t, "each Secret has its ExternalSecret as its owner", func(ctx context.Context) error {
		for _, name := range []string{"db", "left-out"} {
			found, err := find(ctx, t, f, name)
			if err != nil {
				return err
			}
			if owner := metav1.GetControllerOf(found); owner == nil || owner.UID != f.Stored(t, name).UID {
				return fmt.Errorf("the owner of %s is %v", name, owner)
			}
		}
		return nil
	})
	requireSame(t, before, standing(t, f, "db"))

	shell(t, dir, there[0])
	env.Server.Stop(t)
	f.Kubectl.Run("label", "secret", "left-out", secret.LabelManaged+"-")
	shell(t, dir, there[2])
	uninstallServer(t)
	installOperator(t)
	shell(t, dir, "kubectl apply -f eso.yaml")
	// A collector that starts looks up every owner.
	require.NoError(t, env.ControlPlane.StopControllerManager())
	require.NoError(t, env.ControlPlane.StartControllerManager(t.Context()))
	collected(t, f, "left-out")
	requireSame(t, before, standing(t, f, "db"))
}

func requireSame(t *testing.T, before, after *corev1.Secret) {
	t.Helper()
	require.Equal(t, before.UID, after.UID)
	require.Equal(t, before.Data, after.Data)
}

// write makes the Secret of an ExternalSecret as ESO writes it.
func write(t *testing.T, f *framework.Tenant, name string) {
	t.Helper()
	uid := f.Kubectl.Run("get", "externalsecret", name, "-o", "jsonpath={.metadata.uid}")
	data := map[string][]byte{"password": []byte(framework.FirstPassword)}
	_, err := env.Host(t).CoreV1().Secrets(f.Namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				secret.LabelManaged:   secret.LabelManagedValue,
				secret.LabelCreatedBy: secret.CreatedBy(f.Namespace, name),
			},
			Annotations: map[string]string{secret.AnnotationDataHash: secret.DataHash(data)},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Name: name, UID: types.UID(uid),
				Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
			}},
		},
		Data: data,
	}, metav1.CreateOptions{FieldManager: secret.FieldManager(name)})
	require.NoError(t, err)
}
