package ref

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// TestNamespaces is the rule of namespaces, for both kinds of object and both kinds of store.
func TestNamespaces(t *testing.T) {
	for _, test := range []struct {
		name, store, namespace, object string
		read                           string
		text                           string
	}{
		{name: "own namespace, unnamed", store: "team", object: "o", read: "team"},
		{name: "own namespace, named", store: "team", namespace: "team", object: "o", read: "team"},
		{name: "another namespace", store: "team", namespace: "other", object: "o",
			text: "a SecretStore reads its own namespace team alone, not other"},
		{name: "another namespace by path", store: "team", object: "../../other/secrets/o", text: "is not a name"},
		{name: "another namespace by escape", store: "team", object: "..%2f..%2fother", text: "is not a name"},
		{name: "no object", store: "team", text: "names no "},
		{name: "cluster, named", namespace: "other", object: "o", read: "other"},
		{name: "cluster, unnamed", object: "o", text: "a ClusterSecretStore must name the namespace of the "},
		{name: "cluster, namespace by path", namespace: "..", object: "o", text: "is not a name"},
	} {
		for _, kind := range []host.Kind{host.KindSecret, host.KindConfigMap} {
			t.Run(test.name+"/"+string(kind), func(t *testing.T) {
				f := newFakeHost()
				f.unsynced = true
				for _, namespace := range []string{"team", "other"} {
					f.put(host.Object{Kind: kind, Namespace: namespace, Name: "o"}, "k", "of "+namespace)
				}
				r, _ := newReader(f)
				refs := []provider.Reference{{
					Purpose: "p", ConfigMap: kind == host.KindConfigMap, Key: "k", Field: "provider.p.ref",
					Namespace: test.namespace, Name: test.object,
				}}
				material, err := r.Material(t.Context(), test.store, refs)
				if test.text != "" {
					require.ErrorContains(t, err, "spec.provider.p.ref: ")
					require.ErrorContains(t, err, test.text)
					require.Equal(t, provider.Invalid, provider.ReasonOf(err))
					require.Empty(t, f.reads, "nothing is read")
					require.Empty(t, Dependencies(test.store, refs))
					return
				}
				require.NoError(t, err)
				require.Equal(t, "of "+test.read, string(material["p"].Bytes()))
				read := host.Object{Kind: kind, Namespace: test.read, Name: "o"}
				require.Equal(t, map[host.Object]int{read: 1}, f.reads)
				require.Equal(t, []host.Object{read}, Dependencies(test.store, refs))
			})
		}
	}
}

func TestAReferenceNamesAKey(t *testing.T) {
	r, _ := newReader(newFakeHost())
	_, err := r.Material(t.Context(), "team", []provider.Reference{{Name: "o", Field: "provider.p.ref"}})
	require.EqualError(t, err, "spec.provider.p.ref: names no key of the Secret")
}

func TestDependenciesAreListedOnce(t *testing.T) {
	again := tokenRef
	again.Purpose, again.Key = "another", "another"
	require.Equal(t, []host.Object{token, ca}, Dependencies("team", []provider.Reference{tokenRef, again, caRef}))
}
