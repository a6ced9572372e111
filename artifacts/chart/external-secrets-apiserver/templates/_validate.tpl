{{- /* What the schema cannot say: values that contradict each other, and those of External Secrets Operator that limit something
which is not limited here, so that leaving them without effect would be no answer. */ -}}
{{- define "esa.validate" -}}
{{- if and (include "esa.embedded" .) (gt (int .Values.replicaCount) 1) -}}
{{- fail (printf "replicaCount is %d, and the etcd that runs in the server has one member: several replicas need etcd.external.endpoints" (int .Values.replicaCount)) -}}
{{- end -}}
{{- with .Values.etcd.external.tls -}}
{{- if and .secretName (not .caKey) -}}
{{- fail "etcd.external.tls.caKey must name the key of etcd's authority in the Secret etcd.external.tls.secretName" -}}
{{- end -}}
{{- if and .certKey (not .keyKey) -}}
{{- fail "etcd.external.tls.keyKey must be given with etcd.external.tls.certKey" -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.certificates.source "secret" -}}
{{- if not .Values.certificates.secretName -}}
{{- fail "certificates.secretName must name the Secret with tls.crt and tls.key where certificates.source is secret" -}}
{{- end -}}
{{- if not .Values.certificates.caBundle -}}
{{- fail "certificates.caBundle must be the PEM of the authority that kube-apiserver knows the certificate by where certificates.source is secret" -}}
{{- end -}}
{{- else if or .Values.certificates.secretName .Values.certificates.caBundle -}}
{{- fail (printf "certificates.secretName and certificates.caBundle are for certificates.source secret, which is %s" .Values.certificates.source) -}}
{{- end -}}
{{- if and .Values.metrics.service.enabled (not .Values.metrics.listen.port) -}}
{{- fail "metrics.service.enabled needs metrics.listen.port: without it, metrics are on the secure port of the server's own Service" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.metrics.service.enabled) -}}
{{- if not (has .Values.serviceMonitor.namespace (list "" (include "esa.namespace" .))) -}}
{{- fail (printf "serviceMonitor.namespace is %s, where a ServiceMonitor cannot name the Secret with the authority of the secure port: leave it empty, or have metrics on plain HTTP by metrics.listen.port and metrics.service.enabled" .Values.serviceMonitor.namespace) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.scopedRBAC (not .Values.scopedNamespace) -}}
{{- fail "scopedRBAC needs scopedNamespace; watchNamespaces can name several" -}}
{{- end -}}
{{- if and .Values.scopedNamespace .Values.watchNamespaces -}}
{{- fail "scopedNamespace and watchNamespaces say the same thing: give one" -}}
{{- end -}}
{{- if and .Values.snapshots.enabled (not .Values.snapshots.volume) -}}
{{- fail "snapshots.volume must be where snapshots are saved, as {persistentVolumeClaim: {claimName: NAME}}" -}}
{{- end -}}
{{- range $name := list "processSecretStore" "processClusterStore" -}}
{{- if eq "false" (get $.Values $name | toString) -}}
{{- fail (printf "%s: false cannot be had: this server handles both kinds of stores. Leave writing one of them to nobody by RBAC" $name) -}}
{{- end -}}
{{- end -}}
{{- if eq "false" (get .Values "createOperator" | toString) -}}
{{- fail "createOperator: false cannot be had: without the server nobody serves the kinds" -}}
{{- end -}}
{{- end -}}
