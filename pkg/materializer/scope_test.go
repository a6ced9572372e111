package materializer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
)

const outside = "False SecretSyncedError: could not update secret: namespace team is not one of --watch-namespaces of this server, " +
	"which has no rights to what is in it"

// TestNothingIsKeptOutOfScope takes the namespace out of scope while a Secret of it stands.
func TestNothingIsKeptOutOfScope(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(every("5m"))
		after(time.Second)
		require.Equal(t, synced, f.ready())
		f.stop()
		f.host.outside = &host.Outside{Namespace: "team"}
		f.start()
		writes, events := f.statusWrites("db"), f.events()
		gets, requests := f.host.count("get"), f.vault.count("revalidate")

		after(time.Second)
		require.Equal(t, outside, f.ready(), "it is told at once, not when a refresh falls due")
		f.vault.set("password", "changed")
		after(time.Hour)
		require.Equal(t, both, f.host.data("db"), "the Secret stays as it was")
		require.Equal(t, writes+1, f.statusWrites("db"))
		require.Equal(t, gets, f.host.count("get"))
		require.Equal(t, requests, f.vault.count("revalidate"), "for what is not written no provider is asked")
		require.Equal(t, events, f.events(), "no event is written there")

		f.edit(func(es *v1.ExternalSecret) { es.Status.RefreshRequestTime = ptr.To(metav1.NowMicro()) })
		after(time.Second)
		require.Nil(t, f.get("db").Status.RefreshRequestTime, "who asks for a refresh is answered")
		f.stop()
		f.host.outside = nil
		f.start()
		after(time.Minute)
		require.Equal(t, synced, f.ready())
		require.Equal(t, "changed", f.host.data("db")["password"])
	})
}

func TestWhatIsOnlyReadNeedsNoScope(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.stop()
		f.host.outside = &host.Outside{Namespace: "team"}
		f.start()
		f.add(creates(v1.CreationNone))
		after(time.Second)
		require.Equal(t, synced, f.ready())
	})
}
