package resolve

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func TestNeeds(t *testing.T) {
	other := &v1.SourceRef{StoreRef: &v1.SecretStoreRef{Name: ptr.To("shared"), Kind: ptr.To(ClusterSecretStore)}}
	field := bind("c", "db")
	field.RemoteRef.Property, field.RemoteRef.Version = ptr.To("user"), ptr.To("3")
	field.RemoteRef.MetadataPolicy = ptr.To(v1.MetadataPolicyFetch)
	elsewhere := bind("d", "db")
	elsewhere.SourceRef = other
	empty := bind("e", "db")
	empty.SourceRef = &v1.SourceRef{StoreRef: &v1.SecretStoreRef{}}
	all := v1.ExternalSecretDataFrom{
		Find: &v1.Find{Path: ptr.To("/app"), Name: &v1.FindName{RegExp: ptr.To("^x")}, Tags: map[string]string{"b": "2", "a": "1"}},
	}
	got, err := Needs(externalSecret([]v1.ExternalSecretData{bind("a", "db"), bind("b", "db"), field, elsewhere, empty}, extract("db"), all))
	require.NoError(t, err)
	require.Equal(t, []StoreNeeds{
		{Store: store, Needs: []provider.Need{
			{Kind: provider.KindValue, Key: "db"},
			{Kind: provider.KindValue, Key: "db", Property: "user", Version: "3", Metadata: true},
			{Kind: provider.KindMap, Key: "db"},
			{Kind: provider.KindFind, Path: "/app", Name: "^x", Tags: `{"a":"1","b":"2"}`},
		}},
		{Store: StoreRef{ClusterSecretStore, "shared"}, Needs: []provider.Need{{Kind: provider.KindValue, Key: "db"}}},
	}, got)
}

func TestNeedsErrors(t *testing.T) {
	generator := bind("b", "db")
	generator.SourceRef = &v1.SourceRef{GeneratorRef: &v1.GeneratorRef{Kind: "Password", Name: "x"}}
	odd := bind("c", "db")
	odd.SourceRef = &v1.SourceRef{StoreRef: &v1.SecretStoreRef{Name: ptr.To("x"), Kind: ptr.To("Vault")}}
	both := extract("db")
	both.Find = &v1.Find{}
	es := externalSecret([]v1.ExternalSecretData{bind("a", "db"), generator, odd}, both, v1.ExternalSecretDataFrom{}, v1.ExternalSecretDataFrom{SourceRef: generator.SourceRef})

	got, err := Needs(es)
	require.Equal(t, []StoreNeeds{{Store: store, Needs: []provider.Need{valueNeed("db")}}}, got)
	require.Equal(t, provider.Invalid, provider.ReasonOf(err))
	var failures Errors
	require.ErrorAs(t, err, &failures)
	var told []string
	for _, failure := range failures {
		told = append(told, failure.Error())
	}
	require.Equal(t, []string{
		`spec.data[1] (key "db"): sourceRef.generatorRef names a generator, and this server has no generators: name a store`,
		`spec.data[2] (Vault "x", key "db"): the store's kind must be SecretStore or ClusterSecretStore`,
		`spec.dataFrom[0]: extract and find exclude each other`,
		`spec.dataFrom[1]: one of extract and find is required`,
		`spec.dataFrom[2]: sourceRef.generatorRef names a generator, and this server has no generators: name a store`,
	}, told)

	es = externalSecret([]v1.ExternalSecretData{bind("a", "db")})
	es.Spec.SecretStoreRef = nil
	got, err = Needs(es)
	require.Empty(t, got)
	require.EqualError(t, err, `spec.data[0] (key "db"): no store is named: set spec.secretStoreRef.name or the entry's sourceRef.storeRef.name`)

	got, err = Needs(&v1.ExternalSecret{})
	require.NoError(t, err)
	require.Empty(t, got)
}

// Many entries are gathered in another way than few, to the same end.
func TestNeedsOfManyEntries(t *testing.T) {
	for _, entries := range []int{6, 60} {
		var data []v1.ExternalSecretData
		want := map[StoreRef][]provider.Need{}
		for i := range entries {
			key := fmt.Sprint("key", i%(entries/2))
			of := StoreRef{SecretStore, fmt.Sprint("store", i%3)}
			one := bind(fmt.Sprint("name", i), key)
			one.SourceRef = &v1.SourceRef{StoreRef: &v1.SecretStoreRef{Name: ptr.To(of.Name)}}
			data = append(data, one)
			if i < entries/2 {
				want[of] = append(want[of], valueNeed(key))
			}
		}
		got, err := Needs(externalSecret(data))
		require.NoError(t, err)
		require.Len(t, got, 3)
		for i, n := range got {
			require.Equal(t, fmt.Sprint("store", i), n.Store.Name)
			require.Equal(t, want[n.Store], n.Needs)
		}
	}
}
