package materializer

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

func TestWritesWhatIsNew(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add()
		after(time.Second)
		require.Equal(t, both, f.host.data("db"))
		require.Equal(t, synced, f.ready())
		es := f.get("db")
		require.Equal(t, "db", *es.Status.Binding.Name)
		require.Equal(t, secret.SyncedResourceVersion(&es.ObjectMeta), *es.Status.SyncedResourceVersion)
		require.NotNil(t, es.Status.RefreshTime)
		require.Equal(t, es.UID, metav1.GetControllerOf(f.host.stored("db")).UID)
		require.Equal(t, []string{"Created: secret created", "Valid: store validated"}, f.events())
		require.Zero(t, f.host.count("get"), "what is not there is not read")
		entry, ok := f.ledger.Entry(es.UID)
		require.True(t, ok)
		require.Equal(t, f.host.stored("db").ResourceVersion, entry.ResourceVersion)
	})
}

func TestSteadyClusterCostsNothing(t *testing.T) {
	polls := map[string]int{}
	for _, interval := range []string{"24h", "5m"} {
		bubble(t, func(t *testing.T, f *fixture) {
			for i := range 50 {
				f.add(func(es *v1.ExternalSecret) { es.Name = fmt.Sprintf("db-%d", i) }, every(interval))
			}
			after(time.Minute)
			before, writes, checks := f.vault.count("revalidate"), len(f.writes), f.vault.count("check")
			require.Equal(t, 51, writes, "one status each, and the store's")
			gets := f.host.count("get")
			after(time.Hour)
			polls[interval] = f.vault.count("revalidate") - before
			require.Equal(t, checks, f.vault.count("check"), "the polls have shown that the store works")
			require.Len(t, f.writes, writes)
			require.Equal(t, gets, f.host.count("get"))
			require.Equal(t, 50, f.host.count("create"))
			require.Zero(t, f.host.count("update"))
		})
	}
	// Polls are a little less than an interval apart, so that one more or less may fall into the hour.
	require.InDelta(t, polls["24h"], polls["5m"], 2, "600 refreshes cost what the polls cost, and nothing more")
}

func TestShortIntervalsShare(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		for i := range 50 {
			f.add(func(es *v1.ExternalSecret) { es.Name = fmt.Sprintf("db-%d", i) }, every("2s"))
		}
		after(time.Minute)
		before := f.vault.count("revalidate")
		after(time.Minute)
		require.LessOrEqual(t, f.vault.count("revalidate")-before, 66, "as often as two of them would, and the polls")
		require.Len(t, f.writes, 51)
	})
}

func TestFollowsWhatChanges(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add()
		after(time.Second)
		f.vault.set("password", "changed")
		after(poll + quietTime + time.Second)
		require.Equal(t, "changed", f.host.data("db")["password"])
		require.Equal(t, 1, f.host.count("update"))
		require.Contains(t, f.events(), "Updated: secret updated")
		require.Equal(t, synced, f.ready())

		f.vault.set("unrelated", "new")
		writes := f.statusWrites("db")
		after(time.Minute)
		require.Equal(t, 1, f.host.count("update"), "what does not concern it changes nothing")
		require.Equal(t, writes, f.statusWrites("db"))
	})
}

func TestFollowsAtTheInterval(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(every("10m"))
		after(time.Second)
		f.vault.set("password", "changed")
		after(8 * time.Minute)
		require.Equal(t, both, f.host.data("db"))
		after(2*time.Minute + poll)
		require.Equal(t, "changed", f.host.data("db")["password"])
	}, func(c *Config) { c.FollowChanges = false })
}

// TestRefreshPolicies changes the vault, then the ExternalSecret, and lets an hour pass after each.
func TestRefreshPolicies(t *testing.T) {
	for name, c := range map[string]struct {
		with                    func(*v1.ExternalSecret)
		afterVault, afterLabels string
	}{
		"periodic":     {every("5m"), "second", "third"},
		"interval 0":   {every("0"), "hunter2", "hunter2"},
		"on change":    {refreshes(v1.RefreshPolicyOnChange), "hunter2", "third"},
		"created once": {refreshes(v1.RefreshPolicyCreatedOnce), "hunter2", "hunter2"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.add(c.with)
				after(time.Second)
				f.vault.set("password", "second")
				after(time.Hour)
				require.Equal(t, c.afterVault, f.host.data("db")["password"])
				f.vault.set("password", "third")
				f.edit(func(es *v1.ExternalSecret) { es.Labels = map[string]string{"a": "b"} })
				after(time.Second)
				require.Equal(t, c.afterLabels, f.host.data("db")["password"])

				f.host.drop("db")
				after(time.Second)
				require.Equal(t, "third", f.host.data("db")["password"], "a Secret that is gone is made again")
			})
		})
	}
}

func TestNothingIsPolledForWhatIsDone(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(refreshes(v1.RefreshPolicyCreatedOnce))
		after(time.Minute)
		polls := f.vault.count("revalidate")
		after(time.Hour)
		require.Equal(t, polls, f.vault.count("revalidate"))
	})
}

func TestCreationPolicies(t *testing.T) {
	theirs := map[string]string{"theirs": "kept"}
	merged := map[string]string{"theirs": "kept", "user": "alice", "password": "hunter2"}
	const missing = "True SecretMissing: secret will not be created due to CreationPolicy=Merge"
	for policy, c := range map[v1.CreationPolicy]struct {
		fresh, over map[string]string
		ready       string
		owned       bool
	}{
		v1.CreationOwner:         {both, both, synced, true},
		v1.CreationOrphan:        {both, both, synced, false},
		v1.CreationCreateOrMerge: {both, merged, synced, false},
		v1.CreationMerge:         {nil, merged, missing, false},
		v1.CreationNone:          {nil, theirs, synced, false},
	} {
		t.Run(string(policy), func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.add(creates(policy))
				after(time.Second)
				require.Equal(t, c.fresh, f.host.data("db"))
				require.Equal(t, c.ready, f.ready())
				require.Equal(t, c.fresh != nil, f.get("db").Status.Binding != nil)
			})
			bubble(t, func(t *testing.T, f *fixture) {
				f.host.put(foreignSecret())
				f.add(creates(policy))
				after(time.Second)
				require.Equal(t, c.over, f.host.data("db"))
				require.Equal(t, synced, f.ready())
				require.Equal(t, c.owned, metav1.GetControllerOf(f.host.stored("db")) != nil)
			})
		})
	}
}

func TestMergesIntoWhatAppears(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(creates(v1.CreationMerge))
		after(time.Minute)
		f.host.put(foreignSecret())
		after(time.Second)
		require.Equal(t, "hunter2", f.host.data("db")["password"])
		require.Equal(t, synced, f.ready())
		f.host.drop("db")
		after(time.Second)
		require.Nil(t, f.host.data("db"))
		require.Contains(t, f.ready(), v1.ReasonSecretMissing)
	})
}

func TestRefusedUntilTheTargetChanges(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		other := foreignSecret()
		other.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: v1.SchemeGroupVersion.String(), Kind: v1.ExternalSecretKind, Name: "other", UID: "other", Controller: ptr.To(true)}}
		f.host.put(other)
		f.add()
		after(time.Second)
		require.Equal(t, "False SecretSyncedError: target is owned by another ExternalSecret: Secret team/db is owned by ExternalSecret other", f.ready())
		require.Equal(t, map[string]string{"theirs": "kept"}, f.host.data("db"))
		gets := f.host.count("get")
		f.vault.set("unrelated", "new")
		after(30 * time.Minute)
		require.Equal(t, gets, f.host.count("get"), "asking again does not help")

		f.host.drop("db")
		after(time.Second)
		require.Equal(t, both, f.host.data("db"))
		require.Equal(t, synced, f.ready())
	})
}

func TestRenamedTarget(t *testing.T) {
	for name, with := range map[string]func(*v1.ExternalSecret){"periodic": every("1h"), "interval 0": every("0")} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.add(with)
				after(time.Second)
				f.edit(func(es *v1.ExternalSecret) { es.Spec.Target.Name = ptr.To("renamed") })
				after(time.Second)
				require.Equal(t, both, f.host.data("renamed"))
				require.Nil(t, f.host.data("db"))
				require.Equal(t, "renamed", *f.get("db").Status.Binding.Name)
			})
		})
	}
}

func TestWriteThatCollides(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.host.do(func() { f.host.collide = collisions + 1 })
		f.add()
		after(3 * time.Second)
		require.Equal(t, both, f.host.data("db"))
		require.Equal(t, synced, f.ready())
	})
}

func TestTemplateThatCannotBeRendered(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(func(es *v1.ExternalSecret) {
			es.Spec.Target.Template = &v1.ExternalSecretTemplate{Data: map[string]string{"a": "{{ fail .password }}"}}
		})
		after(time.Hour)
		require.Contains(t, f.ready(), "False SecretSyncedError: could not render the secret: ")
		require.NotContains(t, f.ready(), "hunter2")
		require.Equal(t, 1, f.statusWrites("db"))
		f.edit(func(es *v1.ExternalSecret) { es.Spec.Target.Template.Data["a"] = "{{ .password }}" })
		after(time.Second)
		require.Equal(t, map[string]string{"a": "hunter2"}, f.host.data("db"))
		require.Equal(t, synced, f.ready())
	})
}
