{{- /* Values of External Secrets Operator's chart that stand in people's files and have no effect here, with the reason. */ -}}
{{- define "esa.ignored" -}}
installCRDs: the kinds are served by this server; there are no CRDs
crds: the kinds are served by this server; there are no CRDs
webhook: this server validates what it stores
certController: there is no webhook that needs a certificate; certificates has the server's own
processClusterExternalSecret: ClusterExternalSecrets are not served
processPushSecret: PushSecrets are not served; pushsecrets.enabled has them refused in words
processClusterPushSecret: ClusterPushSecrets are not served
processClusterGenerator: generators are not served
leaderElection: the times of the Lease are fixed
storeRequeueInterval: a store is looked at when something of it changes
extendedMetricLabels: metrics have the labels of their objects' names alone
scopedRBAC: rights are limited wherever scopedNamespace or watchNamespaces are given; ClusterSecretStores work as far as their credentials are there
openshiftFinalizers: the rights to finalizers are always there
systemAuthDelegator: the server always asks kube-apiserver who somebody is and what they may do
enableHTTP2: the secure port always speaks HTTP/2
livenessProbe: probes are always there, and ask what a restart or a detour would mend
readinessProbe: probes are always there, and ask what a restart or a detour would mend
startupProbe: probes are always there, and ask what a restart or a detour would mend
bitwarden-sdk-server: Bitwarden is no provider of this server
vault: Vault is no provider of this server
global: this chart is part of no other; the same values are at the top
{{- end -}}

{{- /* Of these, those that were given, one a line. */ -}}
{{- define "esa.ignoredOfThese" -}}
{{- range $name, $why := include "esa.ignored" . | fromYaml }}
{{- if and (hasKey $.Values $name) (or (ne $name "global") (get $.Values $name)) }}
  {{ $name }}: {{ $why }}.
{{- end }}
{{- end }}
{{- with .Values.log.timeEncoding }}
  log.timeEncoding: times in the log are as klog writes them.
{{- end }}
{{- with .Values.metrics.listen.secure }}
  metrics.listen.secure: metrics are on the secure port in any case.
{{- end }}
{{- with .Values.rbac.servicebindings }}
  rbac.servicebindings: there is no such role.
{{- end }}
{{- range .Values.genericTargets.resources }}
{{- with .verbs }}
  genericTargets.resources[].verbs: the verbs are those that the server needs.
{{- break }}
{{- end }}
{{- end }}
{{- end -}}
