package manifests

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// seedValues are those that people run External Secrets Operator with, word for word.
const seedValues = `
installCRDs: true
replicaCount: 1
leaderElect: true
grafana:
  enabled: true
serviceMonitor:
  enabled: true
  interval: 1m
`

const externalEtcd = `
replicaCount: 2
etcd: {external: {endpoints: ["https://etcd-0.etcd:2379", "https://etcd-1.etcd:2379"], tls: {secretName: etcd-client}}}
`

func TestLint(t *testing.T) {
	out, complaint, err := helm(t, "", "lint", "--strict", chart)
	require.NoError(t, err, out+complaint)
}

// Each variant renders to objects without an unknown field, whose container has flags that the server knows.
func TestChart(t *testing.T) {
	monitoring := []string{"--api-versions", "monitoring.coreos.com/v1/ServiceMonitor", "--api-versions", "monitoring.coreos.com/v1/PrometheusRule"}
	for variant, test := range map[string]struct {
		values string
		args   []string
		check  func(t *testing.T, m manifests, others []string)
	}{
		"as it is": {check: func(t *testing.T, m manifests, others []string) {
			require.Empty(t, others)
			set := one[*appsv1.StatefulSet](t, m)
			require.EqualValues(t, 1, *set.Spec.Replicas)
			require.Len(t, set.Spec.VolumeClaimTemplates, 1)
			pod := set.Spec.Template.Spec
			require.NotContains(t, strings.Join(pod.Containers[0].Args, " "), "--shutdown-delay", "a lone replica has nobody to hand over to")
			require.Contains(t, pod.Containers[0].Env, corev1.EnvVar{Name: "GOMEMLIMIT", Value: "819MiB"})
			require.EqualValues(t, 1, one[*policyv1.PodDisruptionBudget](t, m).Spec.MaxUnavailable.IntVal)
			require.Len(t, all[*apiService](m), 1)
		}},
		"the seed's": {values: seedValues, args: monitoring, check: func(t *testing.T, m manifests, others []string) {
			require.Contains(t, podOf(t, m).Containers[0].Args, "--leader-elect")
			require.Len(t, others, 1)
			require.Contains(t, others[0], "kind: ServiceMonitor")
			require.Contains(t, others[0], "interval: 1m\n")
			require.Contains(t, others[0], "name: external-secrets-apiserver-serving-cert\n")
			require.NotContains(t, others[0], "insecure")
		}},
		"external etcd": {values: externalEtcd, check: func(t *testing.T, m manifests, _ []string) {
			require.Empty(t, all[*appsv1.StatefulSet](m))
			deployment := one[*appsv1.Deployment](t, m)
			require.EqualValues(t, 2, *deployment.Spec.Replicas)
			require.Zero(t, deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.IntVal)
			pod := podOf(t, m)
			args := pod.Containers[0].Args
			require.Contains(t, args, "--leader-elect")
			require.Contains(t, args, "--etcd-servers=https://etcd-0.etcd:2379,https://etcd-1.etcd:2379")
			mount := pod.Containers[0].VolumeMounts[0]
			for flag, key := range map[string]string{"etcd-cafile": "ca.crt", "etcd-certfile": "tls.crt", "etcd-keyfile": "tls.key"} {
				require.Contains(t, args, "--"+flag+"="+mount.MountPath+"/"+key)
			}
			require.Equal(t, "etcd-client", pod.Volumes[0].Secret.SecretName)
			require.Contains(t, args, "--shutdown-delay-duration=10s")
			require.Greater(t, *pod.TerminationGracePeriodSeconds, int64(40))
			require.Len(t, pod.TopologySpreadConstraints, 1)
		}},
		"cert-manager": {values: "certificates: {source: cert-manager}", check: func(t *testing.T, m manifests, others []string) {
			require.Len(t, others, 4)
			require.Contains(t, others[3]+others[2]+others[1]+others[0], "secretName: "+podOf(t, m).Volumes[0].Secret.SecretName+"\n")
			require.Equal(t, namespace+"/"+name, one[*apiService](t, m).Annotations["cert-manager.io/inject-ca-from"])
			require.Empty(t, changeable(m))
		}},
		"a certificate in a Secret": {
			values: "certificates: {source: secret, secretName: mine, caBundle: \"-----BEGIN CERTIFICATE-----\\n\"}",
			check: func(t *testing.T, m manifests, _ []string) {
				require.Contains(t, podOf(t, m).Containers[0].Args, "--serving-cert-secret=mine")
				require.NotEmpty(t, one[*apiService](t, m).Spec.CABundle)
				require.Empty(t, changeable(m))
			},
		},
		"namespaces of Secrets": {values: "materializer: {namespaces: [a, b]}", check: func(t *testing.T, m manifests, _ []string) {
			require.False(t, boundEverywhere(m, materializer))
			require.True(t, boundEverywhere(m, name+":reader"))
			var bound []string
			for _, binding := range all[*rbacv1.RoleBinding](m) {
				if binding.RoleRef.Name == materializer {
					bound = append(bound, binding.Namespace)
				}
			}
			require.ElementsMatch(t, []string{"a", "b"}, bound)
		}},
		"some namespaces alone": {values: "watchNamespaces: [a, b]", check: func(t *testing.T, m manifests, _ []string) {
			require.Contains(t, podOf(t, m).Containers[0].Args, "--watch-namespaces=a,b")
			require.False(t, boundEverywhere(m, materializer))
			require.False(t, boundEverywhere(m, name+":reader"))
			require.Len(t, all[*rbacv1.RoleBinding](m), 2+4, "two for each, beside those of the server's own namespace")
		}},
		"some namespaces alone, and generic targets": {
			values: "{scopedNamespace: a, scopedRBAC: true, genericTargets: {enabled: true}}",
			check: func(t *testing.T, m manifests, _ []string) {
				require.Contains(t, podOf(t, m).Containers[0].Args, "--watch-namespaces=a")
				require.False(t, boundEverywhere(m, name+":generic-targets"))
				require.Len(t, all[*rbacv1.RoleBinding](m), 2+3)
			},
		},
		"snapshots": {
			values: "snapshots: {enabled: true, volume: {persistentVolumeClaim: {claimName: saved}}, interval: 1h}",
			check: func(t *testing.T, m manifests, _ []string) {
				pod := podOf(t, m)
				require.Subset(t, pod.Containers[0].Args, []string{"--snapshot-dir=" + pod.Containers[0].VolumeMounts[1].MountPath, "--snapshot-interval=1h", "--snapshot-keep=28"})
				require.Equal(t, "saved", pod.Volumes[0].PersistentVolumeClaim.ClaimName)
			},
		},
		"PushSecrets": {values: "pushsecrets: {enabled: true}", check: func(t *testing.T, m manifests, _ []string) {
			require.Len(t, all[*apiService](m), 2)
			require.Contains(t, changeable(m), "v1alpha1.external-secrets.io")
		}},
		"generic targets": {
			values: "genericTargets: {enabled: true, resources: [{apiGroup: argoproj.io, resources: [applications], verbs: [get]}]}",
			check: func(t *testing.T, m manifests, _ []string) {
				require.Contains(t, podOf(t, m).Containers[0].Args, "--unsafe-allow-generic-targets")
				for _, role := range all[*rbacv1.ClusterRole](m) {
					if role.Name == name+":generic-targets" {
						require.Equal(t, []string{"applications"}, role.Rules[1].Resources)
						require.Contains(t, role.Rules[1].Verbs, "update")
						return
					}
				}
				t.Fatal("there is no role")
			},
		},
		"policies, and flags of one's own": {
			values: `
requireStoreUse: true
authorizeTakeover: true
allowedProviderHosts: ["*.infisical.com", 10.20.0.0/16]
acceptStore: 5ff@120
extraArgs: {live-timeout: 3s, concurrent: 1000000, profiling: "", provider-rate: [a=1, b=2]}
metrics: {listen: {port: 8080}, service: {enabled: true}}
networkPolicy: {enabled: true, metricsFrom: [{namespaceSelector: {}}], egress: [{}]}
`,
			check: func(t *testing.T, m manifests, _ []string) {
				require.Subset(t, podOf(t, m).Containers[0].Args, []string{
					"--require-store-use", "--authorize-takeover", "--allowed-provider-hosts=*.infisical.com,10.20.0.0/16", "--accept-store=5ff@120",
					"--live-timeout=3s", "--concurrent=1000000", "--profiling", "--provider-rate=a=1", "--provider-rate=b=2", "--metrics-bind-address=:8080",
				})
				require.Len(t, one[*networkingv1.NetworkPolicy](t, m).Spec.PolicyTypes, 2)
				require.Len(t, all[*corev1.Service](m), 2)
			},
		},
		"names, labels and what a pod can have": {
			values: `
fullnameOverride: secrets
namespaceOverride: security
commonLabels: {team: platform}
image: {repository: registry.example.com/a, tag: v9, flavour: fips, pullPolicy: Always}
imagePullSecrets: [{name: pull}]
serviceAccount: {create: false, name: given}
podAnnotations: {a: b}
podLabels: {c: d}
nodeSelector: {disk: fast}
tolerations: [{key: x, operator: Exists}]
affinity: {nodeAffinity: {}}
hostAliases: [{ip: 10.0.0.1, hostnames: [x]}]
dnsConfig: {nameservers: [10.0.0.2]}
extraEnv: [{name: HTTPS_PROXY, value: "http://proxy:3128"}]
extraVolumes: [{name: extra, emptyDir: {}}]
extraVolumeMounts: [{name: extra, mountPath: /extra}]
extraObjects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: "{{ .Release.Name }}-x"}}]
resources: {limits: {memory: 512Mi}}
podDisruptionBudget: {minAvailable: 1}
`,
			check: func(t *testing.T, m manifests, _ []string) {
				set := one[*appsv1.StatefulSet](t, m)
				require.Equal(t, "security/secrets", set.Namespace+"/"+set.Name)
				require.Equal(t, "platform", set.Labels["team"])
				pod := podOf(t, m)
				require.Equal(t, "registry.example.com/a:v9-fips", pod.Containers[0].Image)
				require.Equal(t, "given", pod.ServiceAccountName)
				require.Contains(t, pod.Containers[0].Env, corev1.EnvVar{Name: "GOMEMLIMIT", Value: "409MiB"})
				require.Contains(t, pod.Containers[0].Args, "--serving-cert-service=secrets")
				require.Empty(t, all[*corev1.ServiceAccount](withoutHooks(m)))
				require.Equal(t, name+"-x", one[*corev1.ConfigMap](t, m).Name)
				require.Nil(t, one[*policyv1.PodDisruptionBudget](t, m).Spec.MaxUnavailable)
			},
		},
	} {
		t.Run(variant, func(t *testing.T) {
			t.Parallel()
			known, others := ours(render(t, test.values, test.args...))
			m := parse(t, known)
			for _, arg := range podOf(t, m).Containers[0].Args {
				flag, _, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
				require.True(t, hasFlag(flag), "the server has no flag %s", arg)
			}
			require.NotContains(t, known, "insecureSkipTLSVerify")
			test.check(t, withoutHooks(m), others)
		})
	}
}

// Values that are wrong are refused by name.
func TestWrongValues(t *testing.T) {
	for values, complaint := range map[string]string{
		"replicas: 2":                             "additional properties 'replicas' not allowed",
		"image: {repo: x}":                        "at '/image': additional properties 'repo' not allowed",
		"replicaCount: two":                       "at '/replicaCount'",
		"replicaCount: 2":                         "several replicas need etcd.external.endpoints",
		"etcd: {external: {endpoints: [etcd:1]}}": "at '/etcd/external/endpoints/0'",
		"certificates: {source: self}":            "at '/certificates/source': value must be one of 'managed', 'cert-manager', 'secret'",
		"certificates: {source: secret}":          "certificates.secretName must name the Secret",
		"certificates: {secretName: x}":           "are for certificates.source secret, which is managed",
		"scopedRBAC: true":                        "scopedRBAC needs scopedNamespace",
		"snapshots: {enabled: true}":              "snapshots.volume must be where snapshots are saved",
		"processClusterStore: false":              "processClusterStore: false cannot be had",
		"createOperator: false":                   "createOperator: false cannot be had",
		"acceptStore: x":                          "at '/acceptStore'",
		"extraArgs: {--v: 4}":                     "'--v' does not match pattern",
		"metrics: {service: {enabled: true}}":     "metrics.service.enabled needs metrics.listen.port",
		"serviceMonitor: {enabled: true, renderMode: failIfMissing}":                       "the cluster does not serve ServiceMonitors",
		"serviceMonitor: {enabled: true, namespace: monitoring, renderMode: alwaysRender}": "serviceMonitor.namespace is monitoring",
	} {
		t.Run(values, func(t *testing.T) {
			t.Parallel()
			_, said, err := template(t, values)
			require.Error(t, err)
			require.Contains(t, said, complaint)
		})
	}
}

// boundEverywhere tells whether a ClusterRole is bound in the whole cluster.
func boundEverywhere(m manifests, role string) bool {
	return slices.ContainsFunc(all[*rbacv1.ClusterRoleBinding](m), func(binding *rbacv1.ClusterRoleBinding) bool {
		return binding.RoleRef.Name == role
	})
}

// podOf is the pod of the workload, whichever kind that is.
func podOf(t *testing.T, m manifests) corev1.PodSpec {
	t.Helper()
	for _, deployment := range all[*appsv1.Deployment](m) {
		return deployment.Spec.Template.Spec
	}
	return one[*appsv1.StatefulSet](t, m).Spec.Template.Spec
}
