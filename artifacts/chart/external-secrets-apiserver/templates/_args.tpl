{{- /* The flags of the server, one a line. */ -}}
{{- define "esa.args" -}}
- --secure-port=8443
- --namespace={{ include "esa.namespace" . }}
{{- if include "esa.embedded" . }}
- --data-dir=/var/lib/external-secrets-apiserver/data
{{- else }}
- --etcd-servers={{ join "," .Values.etcd.external.endpoints }}
{{- with .Values.etcd.external.prefix }}
- --etcd-prefix={{ . }}
{{- end }}
{{- with .Values.etcd.external.tls }}
{{- if .secretName }}
- --etcd-cafile=/etc/external-secrets-apiserver/etcd/{{ .caKey }}
{{- if .certKey }}
- --etcd-certfile=/etc/external-secrets-apiserver/etcd/{{ .certKey }}
- --etcd-keyfile=/etc/external-secrets-apiserver/etcd/{{ .keyKey }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if eq .Values.certificates.source "cert-manager" }}
- --serving-cert-source=files
- --tls-cert-file=/etc/external-secrets-apiserver/tls/tls.crt
- --tls-private-key-file=/etc/external-secrets-apiserver/tls/tls.key
{{- else }}
- --serving-cert-source={{ .Values.certificates.source }}
- --serving-cert-secret={{ include "esa.certificateSecret" . }}
- --serving-cert-service={{ include "esa.name" . }}
{{- end }}
{{- /* While a Deployment is rolled, two replicas run even where one is asked for. */ -}}
{{- if or .Values.leaderElect (not (include "esa.embedded" .)) }}
- --leader-elect
{{- end }}
{{- /* A lone replica has nobody to hand over to: there a delay would only be time without an answer. */ -}}
{{- if and (not (include "esa.embedded" .)) .Values.shutdownDelaySeconds }}
- --shutdown-delay-duration={{ int .Values.shutdownDelaySeconds }}s
{{- end }}
{{- if .Values.concurrent }}
- --concurrent={{ include "esa.scalar" .Values.concurrent }}
{{- end }}
{{- with .Values.controllerClass }}
- --controller-class={{ . }}
{{- end }}
{{- with include "esa.watched" . | fromYamlArray }}
- --watch-namespaces={{ join "," . }}
{{- end }}
{{- with .Values.etcd.embedded.quotaBytes }}
{{- if include "esa.embedded" $ }}
- --etcd-quota-bytes={{ include "esa.scalar" . }}
{{- end }}
{{- end }}
{{- if .Values.snapshots.enabled }}
- --snapshot-dir=/var/lib/external-secrets-apiserver-snapshots
- --snapshot-interval={{ .Values.snapshots.interval }}
- --snapshot-keep={{ int .Values.snapshots.keep }}
{{- end }}
{{- if .Values.genericTargets.enabled }}
- --unsafe-allow-generic-targets
{{- end }}
{{- if .Values.requireStoreUse }}
- --require-store-use
{{- end }}
{{- if .Values.authorizeTakeover }}
- --authorize-takeover
{{- end }}
{{- with .Values.allowedProviderHosts }}
- --allowed-provider-hosts={{ join "," . }}
{{- end }}
{{- with .Values.acceptStore }}
- --accept-store={{ . }}
{{- end }}
{{- with .Values.metrics.listen.port }}
- --metrics-bind-address=:{{ include "esa.scalar" . }}
{{- end }}
{{- if eq .Values.log.level "debug" }}
- --v=4
{{- end }}
{{- if eq .Values.log.format "json" }}
- --logging-format=json
{{- end }}
{{- range $flag, $value := .Values.extraArgs }}
{{- if kindIs "slice" $value }}
{{- range $value }}
- {{ printf "--%s=%s" $flag (include "esa.scalar" .) | quote }}
{{- end }}
{{- else if or (kindIs "invalid" $value) (eq "" (toString $value)) }}
- --{{ $flag }}
{{- else }}
- {{ printf "--%s=%s" $flag (include "esa.scalar" $value) | quote }}
{{- end }}
{{- end }}
{{- end -}}
