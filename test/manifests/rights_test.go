package manifests

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

const materializer = name + ":materializer"

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
	require.Equal(t, 1, bindings(installed))

	limited := parse(t, kustomize(t, "materializer-namespaces"))
	require.Zero(t, bindings(limited), "nothing is bound in the whole cluster")
	bound := 0
	for _, binding := range all[*rbacv1.RoleBinding](limited) {
		if binding.RoleRef.Name == materializer {
			bound++
			require.Equal(t, "ClusterRole", binding.RoleRef.Kind)
			requireSubject(t, one[*corev1.ServiceAccount](t, limited), binding.Subjects)
		}
	}
	require.Equal(t, 1, bound)
}

// bindings counts what binds the right to write Secrets in the whole cluster.
func bindings(m manifests) int {
	count := 0
	for _, binding := range all[*rbacv1.ClusterRoleBinding](m) {
		if binding.RoleRef.Name == materializer {
			count++
		}
	}
	return count
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
