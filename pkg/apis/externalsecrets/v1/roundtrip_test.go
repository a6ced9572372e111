package v1_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// stored is what the server would write to etcd for an object that a user sent as spec.
func stored(t *testing.T, kind, spec string) string {
	t.Helper()
	codecs := serializer.NewCodecFactory(install.Scheme())
	object, err := runtime.Decode(codecs.UniversalDecoder(),
		[]byte(`{"apiVersion":"external-secrets.io/v1","kind":"`+kind+`","metadata":{"name":"a"},"spec":`+spec+`}`))
	require.NoError(t, err)
	text, err := runtime.Encode(codecs.LegacyCodec(v1.SchemeGroupVersion), object)
	require.NoError(t, err)
	var encoded struct {
		Spec json.RawMessage `json:"spec"`
	}
	require.NoError(t, json.Unmarshal(text, &encoded))
	return string(encoded.Spec)
}

// What a user wrote is stored as it was written, but for the defaults of External Secrets Operator's CRDs.
func TestWhatIsStored(t *testing.T) {
	const provider = `"provider":{"infisical":{"auth":{},"secretsScope":{"projectSlug":"p","environmentSlug":"e"`
	const scope = `"secretsPath":"/","recursive":false,"expandSecretReferences":true`
	for name, c := range map[string]struct{ kind, sent, want string }{
		"defaults of an ExternalSecret": {
			"ExternalSecret", `{"data":[{"secretKey":"k","remoteRef":{"key":"r"}}]}`,
			`{"refreshInterval":"1h0m0s","target":{"creationPolicy":"Owner","deletionPolicy":"Retain"},"data":[{"secretKey":"k","remoteRef":{"key":"r"}}]}`,
		},
		"durations stay as they are written": {
			"ExternalSecret", `{"refreshInterval":"300s","target":{"creationPolicy":"None","deletionPolicy":"Retain"}}`,
			`{"refreshInterval":"300s","target":{"creationPolicy":"None","deletionPolicy":"Retain"}}`,
		},
		"defaults go into a target that is there": {
			"ExternalSecret", `{"refreshInterval":"1h","target":{"name":"n","template":{"metadata":{},"templateFrom":[{"literal":"x"}]}}}`,
			`{"refreshInterval":"1h","target":{"name":"n","creationPolicy":"Owner","deletionPolicy":"Retain","template":{"engineVersion":"v2","mergePolicy":"Replace","metadata":{},"templateFrom":[{"target":"Data","literal":"x"}]}}}`,
		},
		"empty is not absent": {
			"ExternalSecret", `{"refreshInterval":"","secretStoreRef":{},"target":{"name":"","creationPolicy":"Owner","deletionPolicy":"Retain","immutable":false,"template":{"engineVersion":"v2","mergePolicy":"Replace","data":{},"metadata":{"labels":{},"finalizers":[]},"templateFrom":[]}},"data":[],"dataFrom":[{"find":{"name":{},"tags":{},"path":""},"rewrite":[]}]}`,
			`{"refreshInterval":"","secretStoreRef":{},"target":{"name":"","creationPolicy":"Owner","deletionPolicy":"Retain","immutable":false,"template":{"engineVersion":"v2","mergePolicy":"Replace","data":{},"metadata":{"labels":{},"finalizers":[]},"templateFrom":[]}},"data":[],"dataFrom":[{"find":{"name":{},"tags":{},"path":""},"rewrite":[]}]}`,
		},
		"a merge": {
			"ExternalSecret", `{"refreshInterval":"1h","target":{"creationPolicy":"Owner","deletionPolicy":"Retain"},"dataFrom":[{"extract":{"key":"k"},"rewrite":[{"merge":{}}]}]}`,
			`{"refreshInterval":"1h","target":{"creationPolicy":"Owner","deletionPolicy":"Retain"},"dataFrom":[{"extract":{"key":"k"},"rewrite":[{"merge":{"into":"","priorityPolicy":"Strict","conflictPolicy":"Error","strategy":"Extract"}}]}]}`,
		},
		"defaults of a store": {
			"SecretStore", `{` + provider + `}}}}`,
			`{"provider":{"infisical":{"auth":{},"hostAPI":"https://app.infisical.com/api","secretsScope":{"projectSlug":"p","environmentSlug":"e",` + scope + `}}}}`,
		},
		"false is not the default": {
			"ClusterSecretStore", `{"refreshInterval":300,` + provider + `,"secretsPath":"","recursive":true,"expandSecretReferences":false},"hostAPI":"h","caBundle":"YQ=="}}}`,
			`{"refreshInterval":300,"provider":{"infisical":{"auth":{},"hostAPI":"h","caBundle":"YQ==","secretsScope":{"projectSlug":"p","environmentSlug":"e","secretsPath":"","recursive":true,"expandSecretReferences":false}}}}`,
		},
		"no default in 1Password": {
			"SecretStore", `{"refreshInterval":"5m","controller":"","conditions":[],"provider":{"onepassword":{"auth":{"secretRef":{"connectTokenSecretRef":{}}},"connectHost":"h","vaults":{}}}}`,
			`{"refreshInterval":"5m","controller":"","conditions":[],"provider":{"onepassword":{"auth":{"secretRef":{"connectTokenSecretRef":{}}},"connectHost":"h","vaults":{}}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.JSONEq(t, c.want, stored(t, c.kind, c.sent))
			require.JSONEq(t, c.want, stored(t, c.kind, c.want), "what is stored stays")
		})
	}
}

func TestFieldSelectors(t *testing.T) {
	scheme := install.Scheme()
	for _, label := range []string{"metadata.name", "metadata.namespace", v1.FieldStoreName, v1.FieldStoreKind, v1.FieldTargetName, v1.FieldRefreshInterval} {
		got, val, err := scheme.ConvertFieldLabel(v1.SchemeGroupVersion.WithKind(v1.ExternalSecretKind), label, "x")
		require.NoError(t, err)
		require.Equal(t, []string{label, "x"}, []string{got, val})
	}
	_, _, err := scheme.ConvertFieldLabel(v1.SchemeGroupVersion.WithKind(v1.ExternalSecretKind), "spec.data", "x")
	require.ErrorContains(t, err, "spec.data")
}
