package materializer

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// restart ends the process, lets something happen, and begins another.
func (f *fixture) restart(meanwhile func(), change ...func(*Config)) {
	f.stop()
	meanwhile()
	after(time.Minute)
	f.start(change...)
	after(5 * time.Second)
}

func templated(text string) func(*v1.ExternalSecret) {
	return func(es *v1.ExternalSecret) {
		es.Spec.Target.Template = &v1.ExternalSecretTemplate{Data: map[string]string{"a": text}}
	}
}

func TestRestartWritesNothing(t *testing.T) {
	for name, with := range map[string]func(*v1.ExternalSecret){
		"plain":          every("1h"),
		"random":         templated("{{ uuidv4 }}"),
		"created once":   refreshes(v1.RefreshPolicyCreatedOnce),
		"merged":         creates(v1.CreationCreateOrMerge),
		"none":           creates(v1.CreationNone),
		"merge, missing": creates(v1.CreationMerge),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.add(with)
				after(time.Second)
				before, es, creations := f.host.stored("db"), f.get("db"), f.host.count("create")
				f.restart(func() {})
				require.Equal(t, before, f.host.stored("db"))
				require.Equal(t, es, f.get("db"))
				require.Equal(t, creations, f.host.count("create"))
				require.Zero(t, f.host.count("update"))
				require.Equal(t, 1, f.statusWrites("vault"))
			})
		})
	}
}

// A restart reads every Secret once, writes nothing, and asks the provider once for all of them.
func TestRestartFetchesOnce(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		for i := range 100 {
			f.add(of(fmt.Sprint("es-", i), "user", "password"))
			after(time.Millisecond)
		}
		after(time.Minute)
		writes, gets, asked := len(f.writes), f.host.count("get"), 0
		f.restart(func() { asked = f.vault.count("revalidate") })
		require.Equal(t, asked+1, f.vault.count("revalidate"))
		require.Equal(t, gets+100, f.host.count("get"))
		require.Len(t, f.writes, writes)
		require.Equal(t, 100, f.host.count("create"))
		require.Zero(t, f.host.count("update"))
	})
}

// After the host was away its watch may not show for half a minute what was just written: it is not written again.
func TestAWatchThatLagsIsNoDamage(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.host.do(func() { f.host.blind = true })
		f.add(templated("{{ uuidv4 }}"), every("1s"))
		after(20 * time.Second)
		before := f.host.stored("db")
		require.NotNil(t, before)
		require.Equal(t, 1, f.host.count("create"))
		require.Zero(t, f.host.count("update"), "what was drawn at random stays")
		f.host.do(func() { f.host.blind = false })
		after(20 * time.Second)
		require.Equal(t, before, f.host.stored("db"))
	})
}

func TestRestartMakesUpForWhatWasMissed(t *testing.T) {
	tampered := func(s *corev1.Secret) { s.Data["a"] = []byte("tampered") }
	// An uninstallation does this, and an installation on the same store follows.
	disowned := func(s *corev1.Secret) { s.OwnerReferences = nil }
	for name, c := range map[string]struct {
		with      func(*v1.ExternalSecret)
		meanwhile func(f *fixture)
	}{
		"a value changed":             {templated("{{ .password }}"), func(f *fixture) { f.vault.set("password", "changed") }},
		"the Secret was changed":      {templated("{{ .password }}"), func(f *fixture) { f.host.edit("db", tampered) }},
		"the Secret is gone":          {templated("{{ .password }}"), func(f *fixture) { f.host.drop("db") }},
		"a random Secret was changed": {templated("{{ uuidv4 }}"), func(f *fixture) { f.host.edit("db", tampered) }},
		"values of a random changed":  {templated("{{ uuidv4 }}"), func(f *fixture) { f.vault.do(func() { f.vault.updated = time.Now() }) }},
		"a random's spec changed":     {templated("{{ uuidv4 }}"), func(f *fixture) { f.edit(templated("{{ uuidv4 }}-")) }},
		"a Secret made once is gone":  {refreshes(v1.RefreshPolicyCreatedOnce), func(f *fixture) { f.host.drop("db") }},
		"a Secret made once, changed": {refreshes(v1.RefreshPolicyCreatedOnce), func(f *fixture) { f.host.edit("db", tampered) }},
		"its owner was taken off":     {templated("{{ .password }}"), func(f *fixture) { f.host.edit("db", disowned) }},
		"made once, owner taken off":  {refreshes(v1.RefreshPolicyCreatedOnce), func(f *fixture) { f.host.edit("db", disowned) }},
		"an orphan is gone":           {creates(v1.CreationOrphan), func(f *fixture) { f.host.drop("db") }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.add(c.with)
				after(time.Minute)
				before := f.host.stored("db")
				f.restart(func() { c.meanwhile(f); after(time.Second) })
				require.NotNil(t, f.host.stored("db"))
				require.NotEqual(t, before.ResourceVersion, f.host.stored("db").ResourceVersion)
				require.NotEqual(t, "tampered", f.host.data("db")["a"])
				require.Equal(t, before.OwnerReferences, f.host.stored("db").OwnerReferences)
				require.Equal(t, synced, f.ready())
			})
		})
	}
}

func TestRestartInAnOutage(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add()
		after(time.Second)
		f.restart(func() { f.vault.fail(provider.Errorf(provider.Unavailable, "no answer")) })
		require.Equal(t, synced, f.ready())
		after(2 * time.Minute)
		require.Contains(t, f.ready(), "no answer")
		require.Equal(t, both, f.host.data("db"))
		f.vault.fail(nil)
		after(poll + 5*time.Second)
		require.Equal(t, synced, f.ready())
	})
}

// TestWorkersWaitForNobody has two workers and fifty ExternalSecrets whose provider hangs.
func TestWorkersWaitForNobody(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.vault.do(func() { f.vault.hangs = true })
		f.add()
		for i := range 50 {
			f.add(func(es *v1.ExternalSecret) { es.Name = fmt.Sprintf("db-%d", i) })
		}
		after(time.Second)
		require.Zero(t, f.m.term.Load().queue.work.Len(), "all are parked")
		require.Zero(t, f.statusWrites("db"))
		f.add(func(es *v1.ExternalSecret) { es.Name, es.Spec.SecretStoreRef.Name = "other", ptr.To("absent") })
		after(time.Second)
		require.Equal(t, 1, f.statusWrites("other"), "what needs no answer has one")
		after(time.Minute)
		require.Contains(t, f.ready(), "no answer in time")
		f.vault.do(func() { f.vault.hangs = false })
		after(2*poll + 5*time.Second)
		require.Equal(t, synced, f.ready())
		require.Equal(t, 51, f.host.count("create"))
	}, func(c *Config) { c.Workers = 2 })
}

func TestNothingIsWrittenAfterTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add()
		after(time.Second)
		f.stop()
		require.False(t, f.m.HasLeader())
		f.vault.set("password", "changed")
		f.host.drop("db")
		f.add(func(es *v1.ExternalSecret) { es.Name = "other" })
		after(time.Hour)
		require.Nil(t, f.host.data("db"))
		require.Nil(t, f.host.data("other"))
		f.start()
		after(time.Second)
		require.True(t, f.m.HasLeader())
		require.NotNil(t, f.host.data("other"))
	})
}

func TestSyncWindowsHoldRefreshes(t *testing.T) {
	// Bubbles begin at midnight UTC, 2000-01-01.
	windows := &v1.SyncWindows{Kind: v1.SyncWindowAllow, Windows: []v1.SyncWindow{{Schedule: "0 6 * * *", Duration: "1h"}}}
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(every("10m"), func(es *v1.ExternalSecret) { es.Spec.SyncWindows = windows })
		after(time.Minute)
		require.Equal(t, both, f.host.data("db"), "the first attempt waits for no window")
		f.vault.set("password", "second")
		after(5*time.Hour + 58*time.Minute)
		require.Equal(t, both, f.host.data("db"))
		after(3 * time.Minute)
		require.Equal(t, "second", f.host.data("db")["password"])

		f.vault.set("password", "third")
		after(20 * time.Second)
		require.Equal(t, "third", f.host.data("db")["password"], "inside a window changes are followed")
		after(2 * time.Hour)
		f.vault.set("password", "fourth")
		f.edit(func(es *v1.ExternalSecret) { es.Annotations = map[string]string{"force-sync": "1"} })
		after(time.Second)
		require.Equal(t, "fourth", f.host.data("db")["password"], "who edits waits for no window")

		f.vault.set("password", "fifth")
		f.restart(func() {})
		require.Equal(t, "fourth", f.host.data("db")["password"], "a restart opens no window")
	})
}
