package materializer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func TestFailureNamesItsCause(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(func(es *v1.ExternalSecret) { es.Spec.Data[1].RemoteRef.Key = "absent" })
		after(time.Second)
		want := `could not get secret data from provider: spec.data[1] (SecretStore "vault", key "absent"): there is no such key`
		require.Equal(t, "False SecretSyncedError: "+want, f.ready())
		require.Contains(t, f.events(), "UpdateFailed: "+want)
		require.Nil(t, f.get("db").Status.SyncedResourceVersion)
		after(time.Hour)
		require.Equal(t, 1, f.statusWrites("db"), "the same failure is told once")

		f.vault.set("absent", "here")
		after(poll + time.Second)
		require.Equal(t, synced, f.ready(), "it is followed at once")
		require.Equal(t, "here", f.host.data("db")["password"])
	})
}

func TestOutageIsNoticedLate(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(every("10m"))
		after(time.Second)
		f.vault.fail(provider.Errorf(provider.Unavailable, "no answer"))
		after(9 * time.Minute)
		require.Equal(t, synced, f.ready())
		after(time.Minute)
		require.Equal(t, synced, f.ready(), "it fell due less than a minute ago, or a little more")
		after(2 * time.Minute)
		require.Contains(t, f.ready(), "False SecretSyncedError")
		require.Equal(t, both, f.host.data("db"), "the last good Secret stays")

		f.host.drop("db")
		after(time.Second)
		require.Equal(t, both, f.host.data("db"), "it is made again from what is held")

		f.vault.fail(nil)
		after(poll + 5*time.Second)
		require.Equal(t, synced, f.ready())
	})
}

func TestRefusalIsToldAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(every("10m"))
		after(time.Second)
		f.vault.fail(provider.Errorf(provider.Forbidden, "may not be read"))
		after(10*time.Minute + 2*poll)
		require.Contains(t, f.ready(), "False SecretSyncedError")
		require.Contains(t, f.ready(), "may not be read")
	})
}

func TestCredentialThatAppears(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.host.do(func() { f.host.token = "" })
		f.add()
		after(10 * time.Minute)
		require.Contains(t, f.ready(), "Secret team/token does not exist")
		f.host.do(func() { f.host.token = "token" })
		f.host.put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "token"}})
		after(time.Second)
		require.Equal(t, synced, f.ready(), "mending a credential heals who needs it")
	})
}
