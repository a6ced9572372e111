package outcome_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

var standing = host.Metadata{Name: "db", UID: "secret", ResourceVersion: "7", Managed: true, DataHash: secret.HashOf(written)}

// What a live read made is not made again while the ExternalSecret and what it is made of stay, whatever came of it.
func TestNothingIsMadeTwice(t *testing.T) {
	for name, c := range map[string]struct {
		es    *v1.ExternalSecret
		hash  string
		state v1.LiveState
	}{
		"in sync":            {externalSecret(), standing.DataHash, v1.LiveInSync},
		"drifted":            {externalSecret(), "of other data", v1.LiveDrifted},
		"drawn at random":    {externalSecret(rendered(map[string]string{"a": "{{ uuidv4 }}"})), standing.DataHash, v1.LiveUnknown},
		"cannot be rendered": {externalSecret(rendered(map[string]string{"a": "{{ .absent }}"})), standing.DataHash, v1.LiveInvalid},
		"cannot be decoded": {externalSecret(func(es *v1.ExternalSecret) {
			es.Spec.DataFrom[0].Extract.DecodingStrategy = ptr.To(v1.DecodeBase64)
		}), standing.DataHash, v1.LiveInvalid},
		"a part of a Secret": {externalSecret(policy(v1.CreationMerge)), standing.DataHash, v1.LiveUnknown},
		"never written":      {externalSecret(policy(v1.CreationNone)), standing.DataHash, v1.LiveVirtual},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.secrets["db"] = standing
			first := f.secrets["db"]
			first.DataHash = c.hash
			f.secrets["db"] = first

			live := f.live(t, c.es)
			require.Equal(t, c.state, live.State, live.Message)
			made := f.made
			require.Equal(t, live, f.live(t, c.es), "the same facts, the same answer")
			require.Equal(t, made, f.made)
		})
	}
}

// What was remembered of a read never outlives what it rests on.
func TestWhatChangesIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f *fixture, es *v1.ExternalSecret)
		state  v1.LiveState
	}{
		"nothing":    {func(*fixture, *v1.ExternalSecret) {}, v1.LiveInSync},
		"the value":  {func(f *fixture, _ *v1.ExternalSecret) { f.sim.SetField("apps", "db", "password", "changed") }, v1.LiveDrifted},
		"the item":   {func(f *fixture, _ *v1.ExternalSecret) { f.sim.DeleteItem("apps", "db") }, v1.LiveNotFound},
		"the token":  {func(f *fixture, _ *v1.ExternalSecret) { f.token = "another" }, v1.LiveUnauthenticated},
		"the Secret": {func(f *fixture, _ *v1.ExternalSecret) { delete(f.secrets, "db") }, v1.LiveMissing},
		"its hash": {func(f *fixture, _ *v1.ExternalSecret) {
			edited := standing
			edited.DataHash = "of other data"
			f.secrets["db"] = edited
		}, v1.LiveDrifted},
		"the conditions of the store": {func(f *fixture, _ *v1.ExternalSecret) {
			f.stores[storeRef].Spec.Conditions = []v1.ClusterSecretStoreCondition{{Namespaces: []string{"other"}}}
		}, v1.LiveForbidden},
		"the class of the store": {func(f *fixture, _ *v1.ExternalSecret) { f.stores[storeRef].Spec.Controller = ptr.To("another") }, v1.LiveUnknown},
		"the spec": {func(_ *fixture, es *v1.ExternalSecret) {
			rendered(map[string]string{"a": "b"})(es)
			es.ResourceVersion = "2"
		}, v1.LiveDrifted},
		"what was written": {func(f *fixture, es *v1.ExternalSecret) {
			f.ledger.Record(es.UID, outcome.Entry{SecretUID: standing.UID, ResourceVersion: standing.ResourceVersion})
		}, v1.LiveDrifted},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.secrets["db"] = standing
			es := externalSecret()
			es.ResourceVersion = "1"
			require.Equal(t, v1.LiveInSync, f.live(t, es).State)
			c.change(f, es)
			live := f.live(t, es)
			require.Equal(t, c.state, live.State, live.Message)
		})
	}
}

func TestOtherItemsChangeNothing(t *testing.T) {
	f := newFixture(t)
	f.secrets["db"] = standing
	es := externalSecret()
	require.Equal(t, v1.LiveInSync, f.live(t, es).State)
	f.sim.AddItem("apps", connect.Item{Title: "another"})
	require.Equal(t, v1.LiveInSync, f.live(t, es).State)
	es.ResourceVersion = "2"
	require.Equal(t, v1.LiveInSync, f.live(t, es).State)
}

// Templates of other objects are read each time: their content counts, not when it was read.
func TestTemplatesOfOtherObjectsAreSeen(t *testing.T) {
	f := newFixture(t)
	key := template.SourceKey{Kind: template.ConfigMap, Name: "texts", Key: "a"}
	es := externalSecret(func(es *v1.ExternalSecret) {
		es.Spec.Target.Template = &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{{
			ConfigMap: &v1.TemplateRef{Name: "texts", Items: []v1.TemplateRefItem{{Key: "a"}}},
		}}}
	})
	f.templates = template.Sources{key: value.FromString("user: {{ .user }}")}
	in := standing
	in.DataHash = secret.HashOf(map[string]value.Value{"a": value.FromString("user: alice")})
	f.secrets["db"] = in
	require.Equal(t, v1.LiveInSync, f.live(t, es).State)
	require.Equal(t, v1.LiveInSync, f.live(t, es).State)

	f.templates = template.Sources{key: value.FromString("name: {{ .user }}")}
	require.Equal(t, v1.LiveDrifted, f.live(t, es).State)

	// Neither when the target was away at the time of the change.
	delete(f.secrets, "db")
	f.sim.SetField("apps", "db", "user", "bob")
	require.Equal(t, v1.LiveMissing, f.live(t, es).State)
	in.DataHash = secret.HashOf(map[string]value.Value{"a": value.FromString("name: bob")})
	f.secrets["db"] = in
	require.Equal(t, v1.LiveInSync, f.live(t, es).State)
}

// A store is opened once for all that name it in a namespace, and its credential is read once for all namespaces.
func TestStoresAreOpenedOnce(t *testing.T) {
	f := newFixture(t)
	var all []*v1.ExternalSecret
	for i := range 20 {
		all = append(all, externalSecret(func(es *v1.ExternalSecret) {
			es.UID, es.Namespace = types.UID(fmt.Sprint(i)), fmt.Sprint("team-", i%4)
		}))
	}
	for _, shown := range f.evaluator.Look(t.Context(), all, now()) {
		require.NoError(t, shown.Outcome().Err)
	}
	require.Equal(t, 4, f.found, "conditions are checked for each namespace")
	require.Equal(t, 1, f.read)
}

func TestNothingIsRememberedOfWhatIsGone(t *testing.T) {
	f := newFixture(t)
	f.secrets["db"] = standing
	es := externalSecret()
	shown := f.evaluator.Look(t.Context(), []*v1.ExternalSecret{es}, now())
	f.ledger.Record(es.UID, outcome.Entry{ResourceVersion: "7"})
	f.ledger.Forget(es.UID)
	// A read that began before, and a write that ends after.
	require.NotEmpty(t, f.comparer.Live(t.Context(), &shown[0]).State)
	f.ledger.Record(es.UID, outcome.Entry{ResourceVersion: "8"})
	require.Empty(t, f.ledger.LastObserved(es.UID))
	_, ok := f.ledger.Entry(es.UID)
	require.False(t, ok)
}
