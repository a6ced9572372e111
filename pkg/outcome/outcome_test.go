package outcome_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

func now() outcome.Ask { return outcome.Ask{NotBefore: time.Now()} }

var written = map[string]value.Value{"user": value.FromString("alice"), "password": value.FromString("hunter2")}

func TestLiveState(t *testing.T) {
	inSync := host.Metadata{Name: "db", UID: "secret", ResourceVersion: "7", Managed: true, DataHash: secret.HashOf(written)}
	drifted := inSync
	drifted.DataHash = secret.HashOf(map[string]value.Value{"user": value.FromString("mallory")})

	for name, c := range map[string]struct {
		es     *v1.ExternalSecret
		secret *host.Metadata
		token  string
		state  v1.LiveState
	}{
		"nothing written":              {es: externalSecret(), state: v1.LiveMissing},
		"written as it would be":       {es: externalSecret(), secret: &inSync, state: v1.LiveInSync},
		"written differently":          {es: externalSecret(), secret: &drifted, state: v1.LiveDrifted},
		"never written":                {es: externalSecret(policy(v1.CreationNone)), state: v1.LiveVirtual},
		"shared with others":           {es: externalSecret(policy(v1.CreationMerge)), secret: &inSync, state: v1.LiveUnknown},
		"cannot be rendered":           {es: externalSecret(rendered(map[string]string{"a": "{{ .absent }}"})), secret: &inSync, state: v1.LiveInvalid},
		"rendered at random":           {es: externalSecret(rendered(map[string]string{"a": "{{ uuidv4 }}"})), secret: &inSync, state: v1.LiveUnknown},
		"no such key":                  {es: externalSecret(func(es *v1.ExternalSecret) { es.Spec.DataFrom[0].Extract.Key = "absent" }), state: v1.LiveNotFound},
		"no such store":                {es: externalSecret(func(es *v1.ExternalSecret) { es.Spec.SecretStoreRef.Name = ptr.To("absent") }), state: v1.LiveScopeNotFound},
		"the credential is refused":    {es: externalSecret(), token: "another", state: v1.LiveUnauthenticated},
		"the credential is not there":  {es: externalSecret(), token: "-", state: v1.LiveInvalid},
		"a property that is not there": {es: externalSecret(func(es *v1.ExternalSecret) { es.Spec.DataFrom[0].Extract.Property = ptr.To("absent") }), state: v1.LiveInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			if c.secret != nil {
				f.secrets["db"] = *c.secret
			}
			if c.token == "-" {
				f.token = ""
			} else if c.token != "" {
				f.token = c.token
			}
			live := f.live(t, c.es)
			require.Equal(t, c.state, live.State, live.Message)
			require.NotContains(t, live.Message, "hunter2")
			require.Equal(t, c.state, f.ledger.LastObserved(c.es.UID))
			require.Len(t, live.Sources, 1)
			require.Nil(t, live.ObservedTime, "the answer is as fresh as it was asked for")
		})
	}
}

func TestLedgerDecidesBeforeHashes(t *testing.T) {
	f := newFixture(t)
	es := externalSecret(rendered(map[string]string{"id": "{{ uuidv4 }}"}))
	o := f.evaluator.Evaluate(t.Context(), es, now())
	fingerprint, err := o.Fingerprint(t.Context())
	require.NoError(t, err)
	f.secrets["db"] = host.Metadata{UID: "secret", ResourceVersion: "100"}

	for name, c := range map[string]struct {
		entry outcome.Entry
		state v1.LiveState
	}{
		"as written":                    {outcome.Entry{Fingerprint: fingerprint, SecretUID: "secret", ResourceVersion: "100"}, v1.LiveInSync},
		"the watch is behind":           {outcome.Entry{Fingerprint: fingerprint, SecretUID: "secret", ResourceVersion: "101"}, v1.LiveInSync},
		"somebody wrote after us":       {outcome.Entry{Fingerprint: fingerprint, SecretUID: "secret", ResourceVersion: "99"}, v1.LiveDrifted},
		"immutable, of other values":    {outcome.Entry{Fingerprint: fingerprint, SecretUID: "secret", ResourceVersion: "100", Frozen: true}, v1.LiveDrifted},
		"another Secret of the name":    {outcome.Entry{Fingerprint: fingerprint, SecretUID: "other", ResourceVersion: "100"}, v1.LiveDrifted},
		"other inputs":                  {outcome.Entry{SecretUID: "secret", ResourceVersion: "100"}, v1.LiveDrifted},
		"these inputs made no Secret":   {outcome.Entry{Fingerprint: fingerprint}, v1.LiveInvalid},
		"other inputs made no Secret":   {outcome.Entry{}, v1.LiveDrifted},
		"versions that do not compare":  {outcome.Entry{Fingerprint: fingerprint, SecretUID: "secret", ResourceVersion: "x"}, v1.LiveDrifted},
		"an object of the same content": {outcome.Entry{Fingerprint: fingerprint, SecretUID: "", ResourceVersion: "100"}, v1.LiveDrifted},
	} {
		t.Run(name, func(t *testing.T) {
			f.ledger.Record(es.UID, c.entry)
			require.Equal(t, c.state, f.live(t, es).State)
		})
	}
	f.ledger.Forget(es.UID)
	require.Equal(t, v1.LiveUnknown, f.live(t, es).State)
}

// Whoever writes a spec chooses what happens to values. To whom may not read them, it must look the same whatever the
// values are.
func TestBlindStatusTellsNothingOfValues(t *testing.T) {
	f := newFixture(t)
	fail := func(change func(*v1.ExternalSecret)) *v1.LiveStatus {
		es := externalSecret(change)
		return f.evaluator.Evaluate(t.Context(), es, now()).BlindStatus()
	}
	want := f.evaluator.Evaluate(t.Context(), externalSecret(), now()).BlindStatus()
	require.Empty(t, want.State)

	entry := func(change func(*v1.RemoteRef)) func(*v1.ExternalSecret) {
		return func(es *v1.ExternalSecret) { change(es.Spec.DataFrom[0].Extract) }
	}
	for name, change := range map[string]func(*v1.ExternalSecret){
		"a property":  entry(func(r *v1.RemoteRef) { r.Property = ptr.To("absent") }),
		"an encoding": entry(func(r *v1.RemoteRef) { r.DecodingStrategy = ptr.To(v1.DecodeBase64) }),
		"a merge":     func(es *v1.ExternalSecret) { es.Spec.DataFrom[0].Rewrite = []v1.Rewrite{{Merge: &v1.RewriteMerge{}}} },
		"a collision": func(es *v1.ExternalSecret) {
			es.Spec.DataFrom[0].Rewrite = []v1.Rewrite{{Regexp: &v1.RewriteRegexp{Source: ".*", Target: "k"}}}
		},
		"a template":    rendered(map[string]string{"a": `{{ fail .password }}`}),
		"a branch":      rendered(map[string]string{"a": `{{ if hasPrefix "h" .password }}{{ fail "" }}{{ end }}`}),
		"a key of it":   rendered(map[string]string{"a": `{{ index . .password }}`}),
		"no error case": func(*v1.ExternalSecret) {},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, want, fail(change))
		})
	}

	gone := fail(entry(func(r *v1.RemoteRef) { r.Key = "absent" }))
	require.Equal(t, v1.LiveNotFound, gone.State, "which keys there are is no secret")
	f.token = ""
	require.Equal(t, v1.LiveInvalid, fail(func(*v1.ExternalSecret) {}).State, "what is wrong with a store is no secret")
}

func TestManyCostOneRevalidation(t *testing.T) {
	f := newFixture(t)
	all := make([]*v1.ExternalSecret, 50)
	for i := range all {
		all[i] = externalSecret(func(es *v1.ExternalSecret) { es.UID = "" })
	}
	for _, shown := range f.evaluator.Look(t.Context(), all, now()) {
		require.NoError(t, shown.Outcome().Err)
	}
	require.Equal(t, 3, f.sim.Requests.Total(), "vaults, the list of items, the item")
	f.evaluator.Look(t.Context(), all, now())
	require.Equal(t, 4, f.sim.Requests.Total(), "one more: the vault has not changed")
	f.evaluator.Look(t.Context(), all, outcome.Ask{Held: true})
	require.Equal(t, 4, f.sim.Requests.Total(), "what is held costs nothing")
}

func TestConditionsOfClusterStores(t *testing.T) {
	selector := func(key, val string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{key: val}}
	}
	for name, c := range map[string]struct {
		conditions []v1.ClusterSecretStoreCondition
		allowed    bool
	}{
		"none":                        {nil, true},
		"an empty one":                {[]v1.ClusterSecretStoreCondition{{}}, false},
		"by name":                     {[]v1.ClusterSecretStoreCondition{{Namespaces: []string{"other", "team"}}}, true},
		"by another name":             {[]v1.ClusterSecretStoreCondition{{Namespaces: []string{"other"}}}, false},
		"by expression":               {[]v1.ClusterSecretStoreCondition{{NamespaceRegexes: []string{"^te.m$"}}}, true},
		"by an unanchored expression": {[]v1.ClusterSecretStoreCondition{{NamespaceRegexes: []string{"ea"}}}, true},
		"by a broken expression":      {[]v1.ClusterSecretStoreCondition{{NamespaceRegexes: []string{"("}}}, false},
		"by label":                    {[]v1.ClusterSecretStoreCondition{{NamespaceSelector: selector("tier", "web")}}, true},
		"by another label":            {[]v1.ClusterSecretStoreCondition{{NamespaceSelector: selector("tier", "db")}}, false},
		"by an empty selector":        {[]v1.ClusterSecretStoreCondition{{NamespaceSelector: &metav1.LabelSelector{}}}, true},
		"by the second":               {[]v1.ClusterSecretStoreCondition{{Namespaces: []string{"other"}}, {Namespaces: []string{"team"}}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			store := f.stores[storeRef]
			store.Spec.Conditions = c.conditions
			o := f.evaluator.Evaluate(t.Context(), externalSecret(), now())
			if c.allowed {
				require.NoError(t, o.Err)
				return
			}
			require.Equal(t, provider.Forbidden, o.Reason())
			require.Zero(t, f.sim.Requests.Total(), "the provider is not asked for somebody who may not use the store")
		})
	}
}

func TestForeignStoresAreLeftAlone(t *testing.T) {
	f := newFixture(t)
	f.stores[storeRef].Spec.Controller = ptr.To("another")
	o := f.evaluator.Evaluate(t.Context(), externalSecret(), now())
	require.True(t, o.Foreign)
	require.Equal(t, v1.LiveUnknown, f.live(t, externalSecret()).State)
}

func TestPreviewIsWhatWouldBeWritten(t *testing.T) {
	f := newFixture(t)
	es := externalSecret()
	previewer := &outcome.Previewer{Secrets: secretsOf{}, Ledger: f.ledger}
	got, err := previewer.Preview(t.Context(), es, f.evaluator.Evaluate(t.Context(), es, now()))
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{"user": []byte("alice"), "password": []byte("hunter2")}, got.Data)
	require.Equal(t, "db", got.Name)
	require.True(t, secret.Intact(got))
}

// A template that draws random numbers is not drawn again for a reader: what stands is the answer.
func TestPreviewShowsWhatStands(t *testing.T) {
	f := newFixture(t)
	es := externalSecret(rendered(map[string]string{"id": "{{ uuidv4 }}"}))
	standing := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "db", Namespace: "team", UID: "secret", ResourceVersion: "7",
			ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "m"}}},
		Data: map[string][]byte{"id": []byte("drawn once")},
	}
	previewer := &outcome.Previewer{Secrets: secretsOf{standing}, Ledger: f.ledger}
	o := f.evaluator.Evaluate(t.Context(), es, now())
	fingerprint, err := o.Fingerprint(t.Context())
	require.NoError(t, err)
	f.ledger.Record(es.UID, outcome.Entry{Fingerprint: fingerprint, SecretUID: "secret", ResourceVersion: "7"})

	got, err := previewer.Preview(t.Context(), es, o)
	require.NoError(t, err)
	require.Equal(t, "drawn once", string(got.Data["id"]))
	require.Nil(t, got.ManagedFields)
	require.NotNil(t, standing.ManagedFields, "the host's object is not changed")

	f.sim.SetField("apps", "db", "password", "changed")
	o = f.evaluator.Evaluate(t.Context(), es, now())
	standing.Annotations = map[string]string{}
	got, err = previewer.Preview(t.Context(), es, o)
	require.NoError(t, err)
	require.NotEqual(t, "drawn once", string(got.Data["id"]))
}
