package secretstore

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/builtin"
	"github.com/live-secrets/external-secrets-apiserver/test/admission"
)

func FuzzAdmission(f *testing.F) {
	all := builtin.All(nil)
	reach, err := egress.New([]string{"connect", "*.example.com", "10.0.0.0/8"}, "https://10.0.0.1")
	require.NoError(f, err)
	kindOf := func(k kind) admission.Kind {
		return admission.Kind{
			Name: k.name, Strategy: newStrategy(install.Scheme(), k, all, reach),
			Serializer: ExplainUnknownProviders(serializer.NewCodecFactory(install.Scheme()), all),
		}
	}
	namespaced, cluster := kindOf(namespacedKind), kindOf(clusterKind)
	const connect = "onepassword: {connectHost: 'http://connect:8080', vaults: {a: 1, b: 2}, auth: {secretRef: {connectTokenSecretRef: {name: t, key: k}}}}"
	const scope = "secretsScope: {projectSlug: p, environmentSlug: e, secretsPath: /a, recursive: true, expandSecretReferences: false}"
	cluster.Seed(f,
		"{}", "null", "[]", "{provider: {}}", "{provider: {aws: {}}}", "{provider: {onepassword: {}}}", "{provider: {infisical: {}}}",
		"provider: {"+connect+"}\nrefreshInterval: 300\nretrySettings: {maxRetries: 3, retryInterval: 10s}\ncontroller: dev\n",
		"provider: {"+connect+"}\nrefreshInterval: 5m\nconditions: [{namespaceSelector: {matchExpressions: [{key: a, operator: In, values: [b]}]}, namespaces: [n], namespaceRegexes: ['^a.*$']}]\n",
		"provider: {infisical: {hostAPI: 'https://i/api', "+scope+", auth: {universalAuthCredentials: {clientId: {name: c, key: i}, clientSecret: {name: c, key: s}}}}}\n",
		"provider: {infisical: {caBundle: LS0tLS1CRUdJTg==, caProvider: {type: ConfigMap, name: c, key: k}, "+scope+", auth: {tokenAuthCredentials: {accessToken: {name: c, key: i}}}}}\n",
		"provider: {infisical: {"+scope+", auth: {kubernetesAuthCredentials: {identityId: {name: i, key: k}}, awsAuthCredentials: {}}}}\n",
	)
	f.Fuzz(func(t *testing.T, spec []byte) {
		namespaced.Check(t, spec)
		cluster.Check(t, spec)
	})
}
