package materializer

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func TestDeletionPolicies(t *testing.T) {
	one := map[string]string{"user": "alice"}
	for policy, c := range map[v1.DeletionPolicy]struct {
		oneGone, allGone map[string]string
		ready            string
	}{
		v1.DeletionRetain: {both, both, `False SecretSyncedError: could not get secret data from provider: ` +
			`spec.data[0] (SecretStore "vault", key "user"): there is no such key; spec.data[1] (SecretStore "vault", key "password"): there is no such key`},
		v1.DeletionMerge:  {one, map[string]string{}, synced},
		v1.DeletionDelete: {one, nil, "True SecretDeleted: secret deleted due to DeletionPolicy=Delete"},
	} {
		t.Run(string(policy), func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.add(deletes(policy), every("5m"))
				after(time.Minute)
				f.vault.do(func() { delete(f.vault.values, "password") })
				after(2 * time.Minute)
				require.Equal(t, c.oneGone, f.host.data("db"))
				f.vault.do(func() { delete(f.vault.values, "user") })
				after(2 * time.Minute)
				require.Equal(t, c.allGone, f.host.data("db"))
				require.Equal(t, c.ready, f.ready())
				require.Equal(t, c.allGone != nil, f.get("db").Status.Binding != nil)
				writes := f.statusWrites("db")
				after(time.Hour)
				require.Equal(t, c.allGone, f.host.data("db"))
				require.Equal(t, writes, f.statusWrites("db"))
				require.LessOrEqual(t, f.host.count("delete"), 1)

				f.vault.set("user", "bob")
				f.vault.set("password", "new")
				after(poll + quietTime + time.Second)
				require.Equal(t, map[string]string{"user": "bob", "password": "new"}, f.host.data("db"))
				require.Equal(t, synced, f.ready())
			})
		})
	}
}

func TestAbsenceIsNotToldBeforeItIsCertain(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(deletes(v1.DeletionDelete))
		after(time.Minute)
		f.vault.do(func() { clear(f.vault.values) })
		for range 60 {
			after(time.Second)
			require.Contains(t, f.ready(), "True ")
		}
		require.Contains(t, f.ready(), v1.ReasonSecretDeleted)
		require.Equal(t, []string{
			"Created: secret created",
			"Deleted: secret deleted due to DeletionPolicy=Delete",
			`MissingProviderSecret: spec.data[0]: SecretStore "vault" has no key "user" any more`,
			`MissingProviderSecret: spec.data[1]: SecretStore "vault" has no key "password" any more`,
			"Valid: store validated",
		}, f.events())
	})
}

func TestOnlyAbsenceDeletes(t *testing.T) {
	for _, reason := range []provider.Reason{
		provider.ScopeNotFound, provider.Forbidden, provider.Unauthenticated, provider.RateLimited, provider.Unavailable, provider.Invalid,
	} {
		t.Run(string(reason), func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.add(deletes(v1.DeletionDelete), every("1m"))
				after(time.Second)
				f.vault.fail(provider.Errorf(reason, "a failure"))
				after(time.Hour)
				require.Equal(t, both, f.host.data("db"))
				// A provider that asks for fewer requests is no reason to doubt what it showed before.
				require.Equal(t, reason == provider.RateLimited, f.ready() == synced)
			})
		})
	}
}

func TestDeletesOnlyWhatIsOwned(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(deletes(v1.DeletionDelete), creates(v1.CreationOrphan))
		after(time.Minute)
		f.vault.do(func() { clear(f.vault.values) })
		after(5 * time.Minute)
		require.Equal(t, both, f.host.data("db"))
		require.Contains(t, f.ready(), "False SecretSyncedError: could not delete secret: ")
		require.Zero(t, f.host.count("delete"))
	})
}

// TestFindsNothing is a find that matches nothing: no evidence that anything was deleted.
func TestFindsNothing(t *testing.T) {
	finds := func(es *v1.ExternalSecret) {
		es.Spec.Data = nil
		es.Spec.DataFrom = []v1.ExternalSecretDataFrom{{Find: &v1.Find{Path: ptr.To("app-"), Name: &v1.FindName{RegExp: ptr.To(".*")}}}}
	}
	for policy, message := range map[v1.DeletionPolicy]string{
		v1.DeletionRetain: messageRetained, v1.DeletionMerge: messageEmpty, v1.DeletionDelete: messageEmpty,
	} {
		t.Run(string(policy), func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.add(finds, deletes(policy))
				after(time.Minute)
				require.Equal(t, "True SecretSynced: "+message, f.ready())
				require.Nil(t, f.host.data("db"))

				f.vault.set("app-key", "found")
				after(poll + quietTime + time.Second)
				require.Equal(t, map[string]string{"app-key": "found"}, f.host.data("db"))
				f.vault.do(func() { delete(f.vault.values, "app-key") })
				after(5 * time.Minute)
				require.Equal(t, map[string]string{"app-key": "found"}, f.host.data("db"))
			})
		})
	}
}

func TestRepairs(t *testing.T) {
	tampered := func(s *corev1.Secret) { s.Data["password"] = []byte("tampered") }
	for policy, c := range map[v1.CreationPolicy]struct{ edited, deleted bool }{
		v1.CreationOwner: {true, true}, v1.CreationCreateOrMerge: {true, true}, v1.CreationMerge: {true, false}, v1.CreationOrphan: {false, false},
	} {
		t.Run(string(policy), func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.host.put(foreignSecret())
				f.add(creates(policy))
				after(time.Second)
				polls := f.vault.count("revalidate")
				f.host.edit("db", tampered)
				after(time.Second)
				require.Equal(t, c.edited, f.host.data("db")["password"] == "hunter2")
				f.host.drop("db")
				after(time.Second)
				require.Equal(t, c.deleted, f.host.data("db") != nil)
				require.Equal(t, polls, f.vault.count("revalidate"), "what is held is enough")
			})
		})
	}
}

func TestQuarrelsSlowDown(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add()
		after(time.Second)
		for range 600 {
			f.host.edit("db", func(s *corev1.Secret) { s.Data["password"] = []byte("theirs") })
			after(100 * time.Millisecond)
		}
		require.Less(t, f.host.count("update"), 12, "in a minute of somebody else's writes")
		after(5 * time.Minute)
		require.Equal(t, both, f.host.data("db"))
	})
}

func TestQuietTimeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var settled []time.Duration
		began := time.Now()
		q := newQuiet(func(types.NamespacedName) { settled = append(settled, time.Since(began)) })
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { q.run(ctx) })
		for range 15 {
			q.note(types.NamespacedName{Namespace: "team", Name: "db"})
			after(time.Second)
		}
		after(time.Minute)
		cancel()
		running.Wait()
		require.Equal(t, []time.Duration{longestQuiet, 16 * time.Second}, settled)
	})
}

func TestAskedRefresh(t *testing.T) {
	ask := func(f *fixture) {
		es := f.get("db")
		es.Status.RefreshRequestTime = ptr.To(metav1.NewMicroTime(time.Now()))
		_, err := f.api.ExternalSecretsV1().ExternalSecrets("team").UpdateStatus(t.Context(), es, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
	for name, with := range map[string]func(*v1.ExternalSecret){
		"periodic": every("1h"), "interval 0": every("0"), "created once": refreshes(v1.RefreshPolicyCreatedOnce),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.add(with)
				after(time.Second)
				f.vault.set("password", "changed")
				ask(f)
				after(time.Millisecond)
				require.Equal(t, "changed", f.host.data("db")["password"])
				require.Nil(t, f.get("db").Status.RefreshRequestTime)

				f.vault.fail(provider.Errorf(provider.Unavailable, "no answer"))
				ask(f)
				after(poll)
				require.Nil(t, f.get("db").Status.RefreshRequestTime)
				require.Contains(t, f.ready(), "False SecretSyncedError", "who asks is told at once")
				f.vault.fail(nil)
				after(poll + 5*time.Second)
				require.Equal(t, synced, f.ready())
			})
		})
	}
}

func TestStatusThatCollides(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.do(func() {
			f.refuse = []error{
				apierrors.NewConflict(schema.GroupResource{Resource: "externalsecrets"}, "db", nil),
				apierrors.NewServiceUnavailable("not now"),
			}
		})
		f.add()
		after(5 * time.Second)
		require.Equal(t, synced, f.ready())
		require.NotNil(t, f.get("db").Status.RefreshTime)
		require.Equal(t, 1, f.host.count("create"))
	})
}

func TestForeignClass(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.addStore(func(s *v1.SecretStore) { s.Name, s.Spec.Controller = "foreign", ptr.To("another") })
		f.add(func(es *v1.ExternalSecret) { es.Spec.SecretStoreRef.Name = ptr.To("foreign") })
		after(time.Hour)
		require.Empty(t, f.ready())
		require.Nil(t, f.host.data("db"))
		require.Zero(t, f.vault.count("revalidate"))
		require.Equal(t, []string{"Valid: store validated"}, f.events(), "the other store's")
	})
}

func TestLeavesWithoutHoldingUp(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(func(es *v1.ExternalSecret) { es.Finalizers = []string{"example.com/other", cleanupFinalizer} })
		after(time.Second)
		require.Len(t, f.get("db").Finalizers, 2, "what stands is left alone")
		f.edit(func(es *v1.ExternalSecret) { es.DeletionTimestamp = ptr.To(metav1.Now()) })
		f.vault.set("password", "changed")
		after(time.Minute)
		require.Equal(t, []string{"example.com/other"}, f.get("db").Finalizers)
		require.Equal(t, both, f.host.data("db"), "its Secret is the garbage collector's")

		uid := f.get("db").UID
		require.NoError(t, f.api.ExternalSecretsV1().ExternalSecrets("team").Delete(t.Context(), "db", metav1.DeleteOptions{}))
		after(time.Second)
		_, ok := f.ledger.Entry(uid)
		require.False(t, ok)
		polls := f.vault.count("revalidate")
		after(10 * time.Minute)
		require.Equal(t, polls, f.vault.count("revalidate"), "nobody needs the vault any more")
	})
}
