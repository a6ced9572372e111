package materializer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

func authorized(c *Config) { c.Decider.AuthorizeTakeover = true }

// allowed is what the server notes of an author who may update the target.
func allowed(es *v1.ExternalSecret) { es.Status.TakeoverGeneration = ptr.To(es.Generation) }

func TestTakeoverNeedsTheAuthorsRight(t *testing.T) {
	theirs := map[string]string{"theirs": "kept"}
	for _, policy := range []v1.CreationPolicy{v1.CreationOwner, v1.CreationOrphan, v1.CreationMerge, v1.CreationCreateOrMerge} {
		t.Run(string(policy), func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.host.put(foreignSecret())
				f.add(creates(policy), every("5m"))
				after(time.Hour)
				require.Equal(t, theirs, f.host.data("db"))
				require.Contains(t, f.ready(), "False SecretSyncedError: failed to take ownership of target secret: Secret team/db exists")
				require.Contains(t, f.ready(), "by somebody who may update the Secret")
				require.Zero(t, f.host.count("update"))
				require.Equal(t, 1, f.host.count("get"), "nothing is read again for it")

				f.edit(func(es *v1.ExternalSecret) { every("10m")(es); allowed(es) })
				after(time.Second)
				require.Equal(t, synced, f.ready())
				require.Equal(t, "hunter2", f.host.data("db")["password"])

				// What is managed now needs nobody's right.
				f.edit(func(es *v1.ExternalSecret) { every("15m")(es) })
				f.vault.set("password", "changed")
				after(time.Hour)
				require.Equal(t, synced, f.ready())
				require.Equal(t, "changed", f.host.data("db")["password"])
			}, authorized)
		})
	}
}

// A right that an author had for one generation is none for the next, nor for a Secret that comes between.
func TestTakeoverHoldsForOneGeneration(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(allowed)
		after(time.Second)
		require.Equal(t, both, f.host.data("db"))
		f.host.drop("db")
		f.host.put(foreignSecret())
		after(time.Minute)
		require.Equal(t, both, f.host.data("db"), "its author may update it")

		f.edit(func(es *v1.ExternalSecret) { every("10m")(es) })
		after(time.Second)
		f.host.drop("db")
		f.host.put(foreignSecret())
		after(time.Minute)
		require.Equal(t, map[string]string{"theirs": "kept"}, f.host.data("db"))
		require.Contains(t, f.ready(), "failed to take ownership")

		f.host.drop("db")
		after(time.Minute)
		require.Equal(t, both, f.host.data("db"), "to create a Secret needs no such right")
	}, authorized)
}

// A refresh by somebody with the right is enough.
func TestTakeoverByRefresh(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.host.put(foreignSecret())
		f.add()
		after(time.Minute)
		require.Contains(t, f.ready(), "failed to take ownership")
		es := f.get("db")
		es.Status.RefreshRequestTime = ptr.To(metav1.NewMicroTime(time.Now()))
		allowed(es)
		_, err := f.api.ExternalSecretsV1().ExternalSecrets("team").UpdateStatus(t.Context(), es, metav1.UpdateOptions{})
		require.NoError(t, err)
		after(time.Second)
		require.Equal(t, synced, f.ready())
		require.Equal(t, both, f.host.data("db"))
	}, authorized)
}

func TestTakeoverWithoutTheFlag(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.host.put(foreignSecret())
		f.add()
		after(time.Second)
		require.Equal(t, synced, f.ready())
		require.Equal(t, both, f.host.data("db"))
		require.Nil(t, f.get("db").Status.TakeoverGeneration)
	})
}
