package fence

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// losses are ways in which a store comes to lack an ExternalSecret whose Secret stands. Each leaves the server running behind
// a closed fence, with a Secret that would be collected if it were open.
var losses = map[string]struct {
	lose   func(t *testing.T, f *tenant) *corev1.Secret
	reason string
}{
	"the data directory is wiped": {
		lose: func(t *testing.T, f *tenant) *corev1.Secret {
			written := f.App(t, "db")
			env.Server.Stop(t)
			wipe(t)
			return written
		},
		reason: "is not the one that the cluster has on record",
	},
	"uninstalled with everything and installed anew": {
		lose: func(t *testing.T, f *tenant) *corev1.Secret {
			// Of a kind that is registered no longer, kube-apiserver says 404, and for some seconds the collector takes that for
			// an answer: where it still has a question.
			f.collectorFollows(t)
			written := f.App(t, "db")
			f.collectorFollows(t)
			env.Server.Stop(t)
			wipe(t)
			kubectl := env.Kubectl(t)
			kubectl.Run("delete", "apiservice", "v1.external-secrets.io")
			kubectl.In(serverNamespace).Run("delete", "configmap", record)
			return written
		},
		reason: "has no store on record, and .* are not in this server's store",
	},
	"an old snapshot is put back": {
		lose: func(t *testing.T, f *tenant) *corev1.Secret {
			f.App(t, "before")
			env.Server.Stop(t)
			snapshot := t.TempDir()
			require.NoError(t, os.CopyFS(snapshot, os.DirFS(env.Server.DataDir())))
			env.Server.Start(t)
			written := f.App(t, "after")
			env.Server.Stop(t)
			wipe(t)
			require.NoError(t, os.CopyFS(env.Server.DataDir(), os.DirFS(snapshot)))
			return written
		},
		reason: "it is an older copy",
	},
	"and the host cannot be reached at the start": {
		lose: func(t *testing.T, f *tenant) *corev1.Secret {
			written := f.App(t, "db")
			env.Server.Stop(t)
			wipe(t)
			require.NoError(t, env.ControlPlane.StopAPIServer())
			env.Server.StartFails(t)
			require.NoError(t, env.ControlPlane.StartAPIServer(t.Context()))
			return written
		},
		reason: "is not the one that the cluster has on record",
	},
}

func wipe(t *testing.T) {
	t.Helper()
	require.NoError(t, os.RemoveAll(env.Server.DataDir()))
}

// A Secret outlives the loss of the store. The same loss without a fence is shown by opening it: then the Secret goes.
func TestALostStoreLosesNoSecret(t *testing.T) {
	for name, loss := range losses {
		t.Run(name, func(t *testing.T) {
			f := newTenant(t)
			written := loss.lose(t, f)
			began := auditedSoFar(t)
			env.Server.Start(t)
			message := f.closedFor(t, loss.reason)
			refusedCollector(t, began)
			f.Stands(t, written)

			accept(t, message)
			f.collected(t, written)
			require.NoError(t, f.answer(t.Context(), t))
		})
	}
}

// Whoever has to accept the loss can keep the Secrets: what belongs to nobody is not collected, and is taken over by the
// ExternalSecret that is applied again.
func TestSecretsAreKeptByTakingOffTheirOwners(t *testing.T) {
	f := newTenant(t)
	written := f.App(t, "db")
	env.Server.Stop(t)
	wipe(t)
	env.Server.Start(t)
	message := f.closedFor(t, "is not the one that the cluster has on record")

	f.Kubectl.Run("patch", "secret", "db", "--type=merge", "--patch", `{"metadata":{"ownerReferences":null}}`)
	accept(t, message)
	f.Kubectl.Apply(f.Stores())
	again := f.App(t, "db")
	require.Equal(t, written.UID, again.UID)
	require.Equal(t, written.Data, again.Data)

	_, err := env.Host(t).CoreV1().ConfigMaps(serverNamespace).Get(t.Context(), record, metav1.GetOptions{})
	require.NoError(t, err)
	env.Server.Restart(t, "--accept-store=another@1")
	framework.Eventually(t, "the record agrees", func(ctx context.Context) error { return f.answer(ctx, t) })
}
