package manifests

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
)

const (
	materializer = name + ":materializer"
	reader       = name + ":reader"
)

// TestRightsToWriteSecrets: they are in a role of their own, which can be bound in some namespaces alone.
func TestRightsToWriteSecrets(t *testing.T) {
	installed := parse(t, kustomize(t))
	for _, role := range all[*rbacv1.ClusterRole](installed) {
		for _, rule := range role.Rules {
			if !slices.Contains(rule.Resources, "secrets") {
				continue
			}
			if role.Name == materializer {
				require.ElementsMatch(t, []string{"create", "update", "delete"}, rule.Verbs)
			} else {
				require.ElementsMatch(t, []string{"get", "list", "watch"}, rule.Verbs, role.Name)
			}
		}
	}
	requireBound(t, installed, materializer, true)
	requireBound(t, installed, reader, true)
	limited := parse(t, kustomize(t, "materializer-namespaces"))
	requireBound(t, limited, materializer, false)
	requireBound(t, limited, reader, true)
}

// TestRightsInSomeNamespaces: with the component, the server has no right to what is in a namespace but those that its flag
// names.
func TestRightsInSomeNamespaces(t *testing.T) {
	m := parse(t, kustomize(t, "namespaces"))
	requireBound(t, m, materializer, false)
	requireBound(t, m, reader, false)
	require.Contains(t, container(t, m).Args, "--"+host.FlagNamespaces+"=default")
	clusterWide := map[string]bool{}
	for _, binding := range all[*rbacv1.ClusterRoleBinding](m) {
		clusterWide[binding.RoleRef.Name] = true
	}
	for _, role := range all[*rbacv1.ClusterRole](m) {
		if !clusterWide[role.Name] {
			continue
		}
		for _, rule := range role.Rules {
			for _, resource := range []string{"secrets", "configmaps", "serviceaccounts", "serviceaccounts/token", "events"} {
				require.NotContains(t, rule.Resources, resource, role.Name)
			}
		}
	}
}

// requireBound checks that a ClusterRole is bound once: in the whole cluster, or in the namespace default.
func requireBound(t *testing.T, m manifests, role string, inCluster bool) {
	t.Helper()
	account := one[*corev1.ServiceAccount](t, m)
	var cluster, namespaces []string
	for _, binding := range all[*rbacv1.ClusterRoleBinding](m) {
		if binding.RoleRef.Name == role {
			cluster = append(cluster, binding.Name)
			requireSubject(t, account, binding.Subjects)
		}
	}
	for _, binding := range all[*rbacv1.RoleBinding](m) {
		if binding.RoleRef.Name == role {
			namespaces = append(namespaces, binding.Namespace)
			require.Equal(t, "ClusterRole", binding.RoleRef.Kind)
			requireSubject(t, account, binding.Subjects)
		}
	}
	if inCluster {
		require.Equal(t, []string{role}, cluster)
		require.Empty(t, namespaces)
		return
	}
	require.Empty(t, cluster, "it is bound in the whole cluster")
	require.Equal(t, []string{"default"}, namespaces)
}

// TestRolesThatAreNobodys: what shows values or names, and the use of stores, is given to people by name.
func TestRolesThatAreNobodys(t *testing.T) {
	found := 0
	for _, role := range all[*rbacv1.ClusterRole](parse(t, kustomize(t))) {
		for _, rule := range role.Rules {
			sensitive := slices.Contains(rule.Verbs, "use") || slices.ContainsFunc(rule.Resources, func(resource string) bool {
				return resource == "externalsecrets/secret" || strings.HasSuffix(resource, "/keys")
			})
			if sensitive {
				found++
				require.Empty(t, role.Labels, role.Name)
			}
		}
	}
	require.Equal(t, 3, found)
}
