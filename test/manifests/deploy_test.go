package manifests

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver/options"
	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

const (
	namespace = "external-secrets"
	name      = "external-secrets-apiserver"
)

// served is what rules of RBAC about our group may name.
var served = []string{
	"externalsecrets", "externalsecrets/status", "externalsecrets/secret", "externalsecrets/refresh", "externalsecrets/finalizers",
	"secretstores", "secretstores/status", "secretstores/keys",
	"clustersecretstores", "clustersecretstores/status", "clustersecretstores/keys",
}

func TestDeploy(t *testing.T) {
	m := parse(t, kustomize(t))

	t.Run("service account", func(t *testing.T) {
		account := one[*corev1.ServiceAccount](t, m)
		require.Equal(t, namespace+"/"+name, account.Namespace+"/"+account.Name)
		set := one[*appsv1.StatefulSet](t, m)
		require.Equal(t, account.Name, set.Spec.Template.Spec.ServiceAccountName)
		for _, binding := range all[*rbacv1.ClusterRoleBinding](m) {
			requireSubject(t, account, binding.Subjects)
		}
		for _, binding := range all[*rbacv1.RoleBinding](m) {
			requireSubject(t, account, binding.Subjects)
		}
	})

	t.Run("APIService", func(t *testing.T) {
		service := one[*corev1.Service](t, m)
		registered := one[*apiService](t, m)
		require.Equal(t, v1.SchemeGroupVersion.Version+"."+v1.GroupName, registered.Name)
		require.Equal(t, v1.GroupName, registered.Spec.Group)
		require.Equal(t, v1.SchemeGroupVersion.Version, registered.Spec.Version)
		require.Equal(t, service.Namespace+"/"+service.Name, registered.Spec.Service.Namespace+"/"+registered.Spec.Service.Name)
		require.Equal(t, service.Spec.Ports[0].Port, registered.Spec.Service.Port)
		require.Empty(t, registered.Spec.CABundle, "an apply would take away what the server filled in")
	})

	t.Run("flags", func(t *testing.T) {
		for _, arg := range container(t, m).Args {
			flag, _, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
			require.True(t, hasFlag(flag), "the server has no flag %s", arg)
		}
	})

	t.Run("ports and labels", func(t *testing.T) {
		service, set := one[*corev1.Service](t, m), one[*appsv1.StatefulSet](t, m)
		require.Equal(t, service.Spec.Selector, set.Spec.Selector.MatchLabels)
		require.Subset(t, set.Spec.Template.Labels, service.Spec.Selector)
		require.True(t, slices.ContainsFunc(container(t, m).Ports, func(p corev1.ContainerPort) bool {
			return p.Name == service.Spec.Ports[0].TargetPort.String()
		}))
	})

	t.Run("rules", func(t *testing.T) {
		for _, role := range all[*rbacv1.ClusterRole](m) {
			for _, rule := range role.Rules {
				require.NotContains(t, rule.Verbs, "*", role.Name)
				require.NotContains(t, rule.Resources, "*", role.Name)
				if slices.Contains(rule.APIGroups, v1.GroupName) {
					require.Subset(t, served, rule.Resources, role.Name)
				}
			}
		}
	})
}

// TestPushSecrets: the kinds that are refused are registered by whoever wants that
// alone, and below the version that clients prefer.
func TestPushSecrets(t *testing.T) {
	installed := parse(t, kustomize(t))
	require.Len(t, all[*apiService](installed), 1)
	require.NotContains(t, changeable(installed), "v1alpha1.external-secrets.io")
	m := parse(t, kustomize(t, "pushsecrets"))
	priorities := map[string]int32{}
	for _, registered := range all[*apiService](m) {
		require.Equal(t, registered.Spec.Version+"."+v1.GroupName, registered.Name)
		require.Equal(t, v1.GroupName, registered.Spec.Group)
		require.Equal(t, namespace+"/"+name, registered.Spec.Service.Namespace+"/"+registered.Spec.Service.Name)
		require.Empty(t, registered.Spec.CABundle)
		require.Contains(t, changeable(m), registered.Name, "the server may not fill its bundle in")
		priorities[registered.Spec.Version] = registered.Spec.VersionPriority
	}
	require.Len(t, priorities, 2)
	require.Greater(t, priorities["v1"], priorities["v1alpha1"])
}

// The rights to other kinds than Secret are for whoever wants them.
func TestRightsToGenericTargets(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(artifacts, "deploy", "rbac-generic-targets.yaml"))
	require.NoError(t, err)
	m := parse(t, string(text))
	role, binding := one[*rbacv1.ClusterRole](t, m), one[*rbacv1.ClusterRoleBinding](t, m)
	require.Equal(t, role.Name, binding.RoleRef.Name)
	installed := parse(t, kustomize(t))
	requireSubject(t, one[*corev1.ServiceAccount](t, installed), binding.Subjects)
	for _, rule := range role.Rules {
		require.ElementsMatch(t, []string{"create", "delete", "get", "list", "update", "watch"}, rule.Verbs)
	}
	for _, other := range all[*rbacv1.ClusterRole](installed) {
		require.NotEqual(t, role.Name, other.Name, "it is no part of the kustomization")
		for _, rule := range other.Rules {
			if slices.Contains(rule.Resources, "configmaps") {
				require.ElementsMatch(t, []string{"get", "list", "watch"}, rule.Verbs)
			}
		}
	}
}

// kustomize builds the kustomization with components, in a copy.
func kustomize(t *testing.T, components ...string) string {
	t.Helper()
	paths, err := controlplane.Binaries(t.Context(), "", t.Output())
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(artifacts, "deploy"))))
	if len(components) > 0 {
		path := filepath.Join(dir, "kustomization.yaml")
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		text = append(text, []byte("\ncomponents: ["+strings.Join(components, ", ")+"]\n")...)
		require.NoError(t, os.WriteFile(path, text, 0o600))
	}
	return output(t, paths.Kubectl, "kustomize", dir)
}

func requireSubject(t *testing.T, account *corev1.ServiceAccount, subjects []rbacv1.Subject) {
	t.Helper()
	require.Equal(t, []rbacv1.Subject{{
		Kind: rbacv1.ServiceAccountKind, Name: account.Name, Namespace: account.Namespace,
	}}, subjects)
}

func container(t *testing.T, m manifests) corev1.Container {
	t.Helper()
	containers := one[*appsv1.StatefulSet](t, m).Spec.Template.Spec.Containers
	require.Len(t, containers, 1)
	return containers[0]
}

func hasFlag(name string) bool {
	flags := options.New().Flags()
	for _, set := range flags.FlagSets {
		if set.Lookup(name) != nil {
			return true
		}
	}
	return false
}
