package materialize

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

// What is deleted in 1Password goes; what was moved, renamed or archived there stays, and the condition says what became
// of it.
func TestWhatIsElsewhereIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Connect.AddVault("private")
	f.Connect.Change(func(b *connect.Behaviour) { b.ReadArchived = true })
	says := map[string]string{"moved": "the store does not name", "renamed": "was renamed", "archived": "was archived"}
	items := []string{"deleted", "moved", "renamed", "archived"}
	var manifests []string
	for _, item := range items {
		f.Connect.AddItem("pitower", connect.Item{Title: item, Fields: []connect.Field{connect.Text("password", "of "+item)}})
		for _, policy := range []string{"Delete", "Merge"} {
			manifests = append(manifests, fmt.Sprintf(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: %s-%s}
spec:
  secretStoreRef: {name: vault}
  target: {deletionPolicy: %s}
  data: [{secretKey: password, remoteRef: {key: %s}}]
`, item, strings.ToLower(policy), policy, item))
		}
	}
	f.Kubectl.Apply(strings.Join(manifests, "---"))
	for _, item := range items {
		f.holds(t, item+"-delete", "password", "of "+item)
		f.holds(t, item+"-merge", "password", "of "+item)
	}

	f.Connect.DeleteItem("pitower", "deleted")
	f.Connect.MoveItem("pitower", "moved", "private")
	f.Connect.RenameItem("pitower", "renamed", "otherwise")
	f.Connect.ArchiveItem("pitower", "archived")

	f.gone(t, "deleted-delete")
	framework.Eventually(t, "the key of deleted-merge is gone", func(context.Context) error {
		secret, err := f.secret(t, "deleted-merge")
		if err != nil || len(secret.Data) > 0 {
			return fmt.Errorf("%v: %d keys", err, len(secret.Data))
		}
		return nil
	})
	for item, message := range says {
		for _, name := range []string{item + "-delete", item + "-merge"} {
			f.saysNotReady(t, name, message)
			secret, err := f.secret(t, name)
			require.NoError(t, err)
			require.Equal(t, "of "+item, string(secret.Data["password"]))
		}
	}
}

// saysNotReady waits until the Ready condition is false with a message.
func (f *fixture) saysNotReady(t *testing.T, name, message string) {
	t.Helper()
	framework.Eventually(t, fmt.Sprintf("ExternalSecret %s says %q", name, message), func(context.Context) error {
		for _, c := range f.Stored(t, name).Status.Conditions {
			if c.Type == v1.ExternalSecretReady && c.Status == "False" && strings.Contains(ptr.Deref(c.Message, ""), message) {
				return nil
			}
		}
		return fmt.Errorf("its status is %+v", f.Stored(t, name).Status.Conditions)
	})
}
