package resolve

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// canary is in values and in remote names that the spec does not hold: no error text may show it.
const canary = "canary-7f3a"

var store = StoreRef{Kind: SecretStore, Name: "vault"}

// externalSecret asks the store "vault".
func externalSecret(data []v1.ExternalSecretData, from ...v1.ExternalSecretDataFrom) *v1.ExternalSecret {
	es := &v1.ExternalSecret{}
	es.Namespace, es.Name = "team", "app"
	es.Spec.SecretStoreRef = &v1.SecretStoreRef{Name: ptr.To(store.Name)}
	es.Spec.Data, es.Spec.DataFrom = data, from
	return es
}

func withDeletion(es *v1.ExternalSecret, policy v1.DeletionPolicy) *v1.ExternalSecret {
	es.Spec.Target = &v1.ExternalSecretTarget{DeletionPolicy: &policy}
	return es
}

func bind(secretKey, key string) v1.ExternalSecretData {
	return v1.ExternalSecretData{SecretKey: secretKey, RemoteRef: v1.RemoteRef{Key: key}}
}

func extract(key string, rewrite ...v1.Rewrite) v1.ExternalSecretDataFrom {
	return v1.ExternalSecretDataFrom{Extract: &v1.RemoteRef{Key: key}, Rewrite: rewrite}
}

func find(name string, rewrite ...v1.Rewrite) v1.ExternalSecretDataFrom {
	return v1.ExternalSecretDataFrom{Find: &v1.Find{Name: &v1.FindName{RegExp: &name}}, Rewrite: rewrite}
}

func valueNeed(key string) provider.Need { return provider.Need{Kind: provider.KindValue, Key: key} }
func mapNeed(key string) provider.Need   { return provider.Need{Kind: provider.KindMap, Key: key} }

func valueResult(v string) provider.Result {
	return provider.Result{Answer: provider.Answer{Value: value.FromString(v)}}
}

func mapResult(m map[string]string) provider.Result {
	return provider.Result{Answer: provider.Answer{Map: values(m)}}
}

func values(m map[string]string) map[string]value.Value {
	out := make(map[string]value.Value, len(m))
	for key, v := range m {
		out[key] = value.FromString(v)
	}
	return out
}

func texts(m map[string]value.Value) map[string]string {
	out := make(map[string]string, len(m))
	for key, v := range m {
		out[key] = string(v.Bytes())
	}
	return out
}

// inputs are those of the store "vault".
func inputs(results map[provider.Need]provider.Result) map[StoreRef]provider.Inputs {
	return map[StoreRef]provider.Inputs{store: provider.NewInputs(results)}
}

// resolveMap resolves one extract of the given remote map.
func resolveMap(t testing.TB, from v1.ExternalSecretDataFrom, remote map[string]string) (map[string]string, error) {
	t.Helper()
	need := mapNeed("item")
	if from.Find != nil {
		need = findNeed(*from.Find)
	}
	data, err := Resolve(externalSecret(nil, from), inputs(map[provider.Need]provider.Result{need: mapResult(remote)}))
	if err != nil {
		require.NotContains(t, err.Error(), canary)
		return nil, err
	}
	return texts(data.Values), nil
}
