package materializer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// A one-time code is that of the last refresh: time alone, a change elsewhere and a restart write no other one.
func TestOneTimeCodeIsOfTheLastRefresh(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(every("5m"), func(es *v1.ExternalSecret) { es.Spec.Data[0].RemoteRef.Property = ptr.To(oneTime) })
		after(time.Second)
		code := "alice at " + periodOf(time.Now())
		require.Equal(t, code, f.host.data("db")["user"])

		after(2 * time.Minute)
		f.vault.set("unrelated", "x")
		after(time.Minute)
		require.Equal(t, code, f.host.data("db")["user"])
		require.Equal(t, 1, f.host.count("create"))
		require.Zero(t, f.host.count("update"))

		after(3 * time.Minute)
		renewed := f.host.data("db")["user"]
		require.NotEqual(t, code, renewed, "a refresh fell due")
		require.Equal(t, 1, f.host.count("update"))

		f.restart(func() { time.Sleep(time.Minute) })
		after(30 * time.Second)
		require.Equal(t, renewed, f.host.data("db")["user"])
		require.Equal(t, 1, f.host.count("update"))

		f.vault.set("user", "bob")
		after(30 * time.Second)
		require.Contains(t, f.host.data("db")["user"], "bob at ", "what it is computed from has changed")
		require.Equal(t, 2, f.host.count("update"))
	})
}
