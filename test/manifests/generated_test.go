package manifests

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

// The components of the kustomization change what it installs to what the chart makes with the values of the same meaning.
func TestComponentsAreVariantsOfTheChart(t *testing.T) {
	for components, values := range map[string]string{
		"":                         "",
		"cert-manager":             "certificates: {source: cert-manager}",
		"materializer-namespaces":  "materializer: {namespaces: [default]}",
		"namespaces":               "watchNamespaces: [default]",
		"pushsecrets":              "pushsecrets: {enabled: true}",
		"pushsecrets cert-manager": "pushsecrets: {enabled: true}\ncertificates: {source: cert-manager}",
	} {
		t.Run(components, func(t *testing.T) {
			t.Parallel()
			built, builtOthers := ours(kustomize(t, strings.Fields(components)...))
			made, madeOthers := ours(render(t, "uninstall: {enabled: false}\nimage: {tag: latest}\n"+values))
			want, got := byName(t, parse(t, made)), byName(t, parse(t, built))
			// A namespace is Helm's to make.
			delete(got, "*v1.Namespace /"+namespace)
			for name, object := range want {
				if strings.Contains(components, "cert-manager") && isRole(object) {
					// The rights to a certificate of the server's own making are left there.
					delete(want, name)
					delete(got, name)
				}
			}
			require.Equal(t, want, got)
			require.Len(t, builtOthers, len(madeOthers))
		})
	}
}

func byName(t *testing.T, m manifests) map[string]runtime.Object {
	t.Helper()
	found := map[string]runtime.Object{}
	for _, object := range m {
		meta, ok := object.(metav1.Object)
		require.True(t, ok, "%T", object)
		found[fmt.Sprintf("%T %s/%s", object, meta.GetNamespace(), meta.GetName())] = object
	}
	return found
}

func isRole(object runtime.Object) bool {
	switch object.(type) {
	case *rbacv1.Role, *rbacv1.ClusterRole:
		return true
	default:
		return false
	}
}

// What runs before an uninstallation may do what that takes, while it runs, and the server may do none of it.
func TestUninstallation(t *testing.T) {
	m := parse(t, render(t, "genericTargets: {enabled: true, resources: [{apiGroup: argoproj.io, resources: [applications]}]}"))
	var hooks manifests
	for _, object := range m {
		if meta, ok := object.(metav1.Object); ok && meta.GetAnnotations()["helm.sh/hook"] == "pre-delete" {
			hooks = append(hooks, object)
		}
	}
	account, job := one[*corev1.ServiceAccount](t, hooks), one[*batchv1.Job](t, hooks)
	require.Equal(t, account.Name, job.Spec.Template.Spec.ServiceAccountName)
	require.Equal(t, []string{
		"uninstall", "--namespace=" + namespace, "--workload=statefulset/" + name, "--service=" + name,
		"--owned=secrets,configmaps,applications.argoproj.io",
	}, job.Spec.Template.Spec.Containers[0].Args)
	for _, object := range []metav1.Object{account, one[*rbacv1.ClusterRole](t, hooks), one[*rbacv1.Role](t, hooks), one[*rbacv1.ClusterRoleBinding](t, hooks)} {
		require.Equal(t, "-10", object.GetAnnotations()["helm.sh/hook-weight"], "it is there before the Job")
	}
	require.Equal(t, []string{name}, one[*rbacv1.Role](t, hooks).Rules[0].ResourceNames)
	for _, role := range all[*rbacv1.ClusterRole](withoutHooks(m)) {
		for _, rule := range role.Rules {
			require.False(t, slices.Contains(rule.Resources, "apiservices") && slices.Contains(rule.Verbs, "delete"), role.Name)
		}
	}

	external := one[*batchv1.Job](t, parse(t, first(ours(render(t, externalEtcd)))))
	require.Contains(t, external.Spec.Template.Spec.Containers[0].Args, "--workload=deployment/"+name)
	require.Empty(t, all[*batchv1.Job](parse(t, first(ours(render(t, "uninstall: {enabled: false}"))))))
}

// With kustomize it is the same, without the marks of a hook.
func TestUninstallationWithKustomize(t *testing.T) {
	paths, err := controlplane.Binaries(t.Context(), "", t.Output())
	require.NoError(t, err)
	built := byName(t, parse(t, output(t, paths.Kubectl, "kustomize", filepath.Join(artifacts, "deploy", "uninstall"))))
	made := map[string]runtime.Object{}
	for name, object := range byName(t, parse(t, render(t, "image: {tag: latest}"))) {
		if meta, ok := object.(metav1.Object); ok && meta.GetAnnotations()["helm.sh/hook"] != "" {
			meta.SetAnnotations(nil)
			made[name] = object
		}
	}
	require.Len(t, made, 6)
	require.Equal(t, made, built)
}

func first(known string, _ []string) string { return known }
