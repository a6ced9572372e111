package manifests

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver/options"
)

// changeable is the APIServices that the server may change.
func changeable(m manifests) []string {
	var found []string
	for _, role := range all[*rbacv1.ClusterRole](m) {
		for _, rule := range role.Rules {
			if slices.Contains(rule.Resources, "apiservices") && slices.Contains(rule.Verbs, "patch") {
				found = append(found, rule.ResourceNames...)
			}
		}
	}
	return found
}

// The server manages its certificate by the flags' defaults, and has the rights to that and to no other Secret or
// APIService by them.
func TestCertificateOfTheServer(t *testing.T) {
	m := parse(t, kustomize(t))
	require.Equal(t, []string{"v1.external-secrets.io"}, changeable(m))
	defaults := options.New()
	require.Equal(t, namespace, defaults.Namespace)
	require.Equal(t, name, defaults.ServingCert.Service)

	var rules []rbacv1.PolicyRule
	for _, rule := range one[*rbacv1.Role](t, m).Rules {
		if slices.Contains(rule.Resources, "secrets") {
			rules = append(rules, rule)
		}
	}
	require.Equal(t, []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"create"}},
		{
			APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{defaults.ServingCert.Secret},
			Verbs: []string{"get", "list", "watch", "update"},
		},
	}, rules)
}

// With the component, cert-manager makes the certificate that is mounted where the server looks for it, and the bundle.
func TestCertManager(t *testing.T) {
	text := kustomize(t, "pushsecrets", "cert-manager")
	var ours []string
	for document := range strings.SplitSeq(text, "\n---\n") {
		if !strings.Contains(document, "apiVersion: cert-manager.io/") {
			ours = append(ours, document)
		}
	}
	m := parse(t, strings.Join(ours, "\n---\n"))
	require.Len(t, all[*apiService](m), 2)
	for _, registered := range all[*apiService](m) {
		require.Equal(t, namespace+"/"+name, registered.Annotations["cert-manager.io/inject-ca-from"])
	}
	pod := one[*appsv1.StatefulSet](t, m).Spec.Template.Spec
	require.Contains(t, text, "secretName: "+pod.Volumes[0].Secret.SecretName)
	mount := container(t, m).VolumeMounts[1]
	require.Equal(t, pod.Volumes[0].Name, mount.Name)
	require.Contains(t, container(t, m).Args, "--tls-cert-file="+mount.MountPath+"/tls.crt")
	require.Contains(t, container(t, m).Args, "--tls-private-key-file="+mount.MountPath+"/tls.key")
}
