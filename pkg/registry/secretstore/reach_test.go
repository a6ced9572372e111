package secretstore

import (
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider/builtin"
	"github.com/live-secrets/external-secrets-apiserver/test/storespec"
)

func connectAt(host, namespace string) v1.SecretStoreSpec {
	token := storespec.Key("token", "token")
	if namespace != "" {
		token = storespec.KeyIn(namespace, "token", "token")
	}
	return v1.SecretStoreSpec{Provider: storespec.Connect(host, token, "a")}
}

// TestSites: a store of a namespace must be where this server lets it be; one that was stored before stays.
func TestSites(t *testing.T) {
	reach, err := egress.New([]string{"connect.example.com", "*.infisical.com"}, "")
	require.NoError(t, err)
	all := builtin.All(nil)
	namespaced := newStrategy(install.Scheme(), namespacedKind, all, reach)
	cluster := newStrategy(install.Scheme(), clusterKind, all, nil)

	store := &v1.SecretStore{ObjectMeta: metav1.ObjectMeta{Name: "s", Namespace: "team"}, Spec: connectAt("http://connect.example.com:8080", "")}
	require.Empty(t, namespaced.Validate(t.Context(), store))
	inside := store.DeepCopy()
	inside.Spec = connectAt("http://169.254.169.254", "")
	const refusal = `spec.provider.onepassword.connectHost: Forbidden: a SecretStore may not reach "169.254.169.254": ` +
		`this server allows connect.example.com, *.infisical.com (--allowed-provider-hosts)`
	require.EqualError(t, namespaced.Validate(t.Context(), inside).ToAggregate(), refusal)
	require.EqualError(t, namespaced.ValidateUpdate(t.Context(), inside, store).ToAggregate(), refusal)
	labelled := inside.DeepCopy()
	labelled.Labels = map[string]string{"a": "b"}
	require.Empty(t, namespaced.ValidateUpdate(t.Context(), labelled, inside))

	infisical := store.DeepCopy()
	infisical.Spec.Provider = &v1.SecretStoreProvider{Infisical: &v1.InfisicalProvider{HostAPI: ptr.To("https://infisical.com"),
		SecretsScope: v1.InfisicalScope{ProjectSlug: "p", EnvironmentSlug: "e"}, Auth: v1.InfisicalAuth{TokenAuthCredentials: &v1.InfisicalTokenAuth{
			AccessToken: v1.SecretKeySelector{Name: ptr.To("login"), Key: ptr.To("token")},
		}}}}
	require.ErrorContains(t, namespaced.Validate(t.Context(), infisical).ToAggregate(), "spec.provider.infisical.hostAPI: Forbidden")
	infisical.Spec.Provider.Infisical.HostAPI = nil
	require.Empty(t, namespaced.Validate(t.Context(), infisical), "the default is a host as any")

	var operators runtime.Object = &v1.ClusterSecretStore{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Spec: connectAt("http://169.254.169.254", "team")}
	require.Empty(t, cluster.Validate(t.Context(), operators))
}
