package materializer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

const resourceSynced = "True ResourceSynced: resource synced"

// written as a kind that is no Secret.
func writtenAs(kind schema.GroupVersionKind) func(*v1.ExternalSecret) {
	return func(es *v1.ExternalSecret) {
		version, name := kind.ToAPIVersionAndKind()
		es.Spec.Target.Manifest = &v1.ManifestReference{APIVersion: version, Kind: name}
	}
}

// generic runs a test against a fixture that may write other kinds.
func generic(t *testing.T, test func(t *testing.T, f *fixture)) {
	bubble(t, test, func(c *Config) { c.Objects = c.Host.(*cluster).objects })
}

func (f *fixture) object(kind schema.GroupVersionKind, name string) map[string]any {
	if o := f.host.objects.stored(kind, name); o != nil {
		return o.Object
	}
	return nil
}

var (
	bothAsData = map[string]any{"user": "alice", "password": "hunter2"}
	bothAsSpec = map[string]any{"data": bothAsData}
)

func TestAnObjectIsWrittenKeptAndDeleted(t *testing.T) {
	generic(t, func(t *testing.T, f *fixture) {
		objects := f.host.objects
		f.add(writtenAs(configMapKind))
		after(time.Second)
		require.Equal(t, bothAsData, f.object(configMapKind, "db")["data"])
		require.Equal(t, resourceSynced, f.ready())
		require.Nil(t, f.get("db").Status.Binding)
		require.Equal(t, []string{"Created: resource created", "Valid: store validated"}, f.events())
		require.Zero(t, f.host.count("create"), "no Secret is written")

		f.vault.set("password", "changed")
		after(time.Minute)
		require.Equal(t, "changed", f.object(configMapKind, "db")["data"].(map[string]any)["password"])

		reads, writes := objects.count("get"), objects.count("update")
		after(3 * time.Hour)
		require.Equal(t, reads, objects.count("get"), "what stands is not read")
		require.Equal(t, writes, objects.count("update"))

		objects.edit(configMapKind, "db", func(o map[string]any) { o["data"] = map[string]any{"password": "tampered", "extra": "x"} })
		after(time.Second)
		require.Equal(t, map[string]any{"user": "alice", "password": "changed"}, f.object(configMapKind, "db")["data"])
		objects.drop(configMapKind, "db")
		after(time.Second)
		require.NotNil(t, f.object(configMapKind, "db"))

		f.edit(func(es *v1.ExternalSecret) { es.Spec.Target.Name = ptr.To("renamed") })
		after(time.Second)
		require.NotNil(t, f.object(configMapKind, "renamed"))
		require.Nil(t, f.object(configMapKind, "db"))
		f.edit(writtenAs(appConfigKind))
		after(time.Second)
		require.Equal(t, "changed", f.object(appConfigKind, "renamed")["spec"].(map[string]any)["data"].(map[string]any)["password"])
		require.Nil(t, f.object(configMapKind, "renamed"))
		f.edit(func(es *v1.ExternalSecret) { es.Spec.Target.Manifest = nil })
		after(time.Second)
		require.Equal(t, map[string]string{"user": "alice", "password": "changed"}, f.host.data("renamed"))
		require.Nil(t, f.object(appConfigKind, "renamed"))
		require.Equal(t, synced, f.ready())
	})
}

// A controller that reports in the status of an object, however often, causes no read and no write.
func TestStatusOfAnObjectIsNoDamage(t *testing.T) {
	generic(t, func(t *testing.T, f *fixture) {
		f.add(writtenAs(appConfigKind))
		after(time.Second)
		require.Equal(t, bothAsSpec, f.object(appConfigKind, "db")["spec"])
		reads := f.host.objects.count("get")
		for i := range 10 {
			f.host.objects.edit(appConfigKind, "db", func(o map[string]any) { o["status"] = map[string]any{"observed": int64(i)} })
			after(time.Second)
		}
		require.Equal(t, reads, f.host.objects.count("get"))
		f.host.objects.edit(appConfigKind, "db", func(o map[string]any) { o["spec"] = map[string]any{"theirs": "kept"} })
		after(time.Second)
		require.Equal(t, map[string]any{"data": bothAsData, "theirs": "kept"}, f.object(appConfigKind, "db")["spec"])
		require.Equal(t, map[string]any{"observed": int64(9)}, f.object(appConfigKind, "db")["status"])
	})
}

// A new process adopts what stands: it is read once and not written.
func TestRestartAdoptsObjects(t *testing.T) {
	generic(t, func(t *testing.T, f *fixture) {
		f.add(writtenAs(appConfigKind))
		after(time.Second)
		f.host.objects.edit(appConfigKind, "db", func(o map[string]any) { o["spec"].(map[string]any)["defaulted"] = "30s" })
		after(time.Second)
		f.stop()
		before := f.host.objects.stored(appConfigKind, "db")
		f.start(func(c *Config) { c.Objects = c.Host.(*cluster).objects })
		after(time.Minute)
		require.Equal(t, before.GetResourceVersion(), f.host.objects.stored(appConfigKind, "db").GetResourceVersion())
		require.Equal(t, resourceSynced, f.ready())
	})
}

func TestObjectsOfAllKeysGone(t *testing.T) {
	for policy, want := range map[v1.DeletionPolicy]string{
		v1.DeletionDelete: "True ResourceDeleted: resource deleted due to DeletionPolicy=Delete",
		v1.DeletionRetain: "False ResourceSyncedError: could not get secret data from provider",
	} {
		t.Run(string(policy), func(t *testing.T) {
			generic(t, func(t *testing.T, f *fixture) {
				f.add(writtenAs(configMapKind), deletes(policy))
				after(time.Second)
				f.vault.do(func() { clear(f.vault.values) })
				after(5 * time.Minute)
				require.Contains(t, f.ready(), want)
				require.Equal(t, policy == v1.DeletionDelete, f.object(configMapKind, "db") == nil)
			})
		})
	}
}

func TestObjectsThatAreNotOurs(t *testing.T) {
	generic(t, func(t *testing.T, f *fixture) {
		theirs := &unstructured.Unstructured{Object: map[string]any{"data": map[string]any{"theirs": "kept"}}}
		theirs.SetGroupVersionKind(configMapKind)
		theirs.SetNamespace("team")
		theirs.SetName("db")
		theirs.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: "u", Controller: ptr.To(true)}})
		f.host.objects.storeLocked(theirs)
		f.add(writtenAs(configMapKind))
		after(time.Second)
		require.Equal(t, "False ResourceSyncedError: failed to take ownership of target resource: ConfigMap team/db is controlled by ReplicaSet web", f.ready())
		require.Equal(t, map[string]any{"theirs": "kept"}, f.object(configMapKind, "db")["data"])
	})
}

// What cannot be written is said, and no provider is asked for it.
func TestKindsThatAreNotWritten(t *testing.T) {
	unserved := schema.GroupVersionKind{Group: "nobody.example.com", Version: "v1", Kind: "Thing"}
	generic(t, func(t *testing.T, f *fixture) {
		f.add(writtenAs(unserved))
		after(time.Hour)
		require.Equal(t, "False ResourceSyncedError: invalid generic target: the host cluster does not serve Thing", f.ready())
	})
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(writtenAs(configMapKind))
		after(time.Hour)
		require.Contains(t, f.ready(), "False ResourceSyncedError: invalid generic target: spec.target.manifest")
		require.Contains(t, f.ready(), "--unsafe-allow-generic-targets")
		require.Nil(t, f.object(configMapKind, "db"))
	})
}

func TestWordsForResources(t *testing.T) {
	es := &v1.ExternalSecret{Spec: v1.ExternalSecretSpec{Target: &v1.ExternalSecretTarget{}}}
	writtenAs(configMapKind)(es)
	v := refused(&secret.Refusal{Cause: secret.OtherType, Message: "Secret secret"}).worded(es)
	require.Equal(t, "could not update resource: Secret secret", v.message, "a cause is not reworded")
	require.Equal(t, v, v.worded(es))
	require.Equal(t, "ResourceSyncedError", v.reason)
	require.Equal(t, failedOwned, refused(&secret.Refusal{Cause: secret.OwnedByAnother}).worded(es).what)
	require.Equal(t, failedProvider, failed(failedProvider, errNotOwned).worded(es).what)
	require.Empty(t, *succeeded(v1.ReasonSecretSynced, messageSynced).naming("db").worded(es).binding)
}
