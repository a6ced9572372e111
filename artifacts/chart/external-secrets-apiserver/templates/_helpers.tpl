{{- /*
Names. There is one APIService of this group and version in a cluster, and so one installation: names do not hold that of the
release.
*/ -}}
{{- define "esa.name" -}}
{{- default (default .Chart.Name .Values.nameOverride) .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "esa.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "esa.serviceAccount" -}}
{{- default (ternary (include "esa.name" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- /* Selectors of workloads cannot be changed, and hold no more than it takes. */ -}}
{{- define "esa.selector" -}}
app.kubernetes.io/name: {{ include "esa.name" . }}
{{- end -}}

{{- define "esa.labels" -}}
{{ include "esa.selector" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "esa.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ with .Values.image.flavour }}-{{ . }}{{ end }}
{{- end -}}

{{- /* etcd runs in the process unless there is one to connect to. */ -}}
{{- define "esa.embedded" -}}
{{- if not .Values.etcd.external.endpoints }}true{{ end -}}
{{- end -}}

{{- define "esa.workload" -}}
{{ ternary "StatefulSet" "Deployment" (eq "true" (include "esa.embedded" .)) }}
{{- end -}}

{{- /* The Secret that the serving certificate is in. */ -}}
{{- define "esa.certificateSecret" -}}
{{- if eq .Values.certificates.source "secret" }}{{ .Values.certificates.secretName }}
{{- else if eq .Values.certificates.source "cert-manager" }}{{ include "esa.name" . }}-tls
{{- else }}{{ include "esa.name" . }}-serving-cert
{{- end -}}
{{- end -}}

{{- /* The subject of every binding. */ -}}
{{- define "esa.subjects" -}}
- kind: ServiceAccount
  name: {{ include "esa.serviceAccount" . }}
  namespace: {{ include "esa.namespace" . }}
{{- end -}}

{{- /* Whole numbers of values files are floats to Helm, and large ones would be written as 1e+06. */ -}}
{{- define "esa.scalar" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) }}{{ printf "%.0f" . }}{{ else }}{{ toString . }}{{ end -}}
{{- end -}}

{{- /* Four fifths of the memory limit, as GOMEMLIMIT has it; nothing where there is no limit in Mi or Gi. */ -}}
{{- define "esa.memoryLimit" -}}
{{- $limit := dig "limits" "memory" "" .Values.resources | toString -}}
{{- if regexMatch "^[0-9]+Gi$" $limit }}{{ div (mul (trimSuffix "Gi" $limit | int) 4096) 5 }}MiB
{{- else if regexMatch "^[0-9]+Mi$" $limit }}{{ div (mul (trimSuffix "Mi" $limit | int) 4) 5 }}MiB
{{- end -}}
{{- end -}}

{{- /* metadata.labels of what has no labels of its own. */ -}}
{{- define "esa.commonLabels" -}}
{{- with .Values.commonLabels }}
  labels:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end -}}

{{- /* How kube-apiserver comes to know the certificate, where the server does not see to it itself. */ -}}
{{- define "esa.apiServiceAnnotations" -}}
{{- if eq .Values.certificates.source "cert-manager" }}
  annotations:
    cert-manager.io/inject-ca-from: {{ include "esa.namespace" . }}/{{ include "esa.name" . }}
{{- end }}
{{- end -}}

{{- define "esa.caBundle" -}}
{{- with .Values.certificates.caBundle }}
  caBundle: {{ b64enc . }}
{{- end }}
{{- end -}}

{{- /* metadata of what exists while an uninstallation runs: (list . WEIGHT). A Job that failed stays, with its log. */ -}}
{{- define "esa.hook" -}}
{{- with (index . 0).Values.commonLabels -}}
labels:
  {{- toYaml . | nindent 2 }}
{{ end -}}
annotations:
  helm.sh/hook: pre-delete
  helm.sh/hook-weight: {{ index . 1 | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- /* Namespaces that the server reads in, as a list in YAML; empty for all. scopedNamespace is External Secrets Operator's. */ -}}
{{- define "esa.watched" -}}
{{- with .Values.scopedNamespace }}{{ list . | toYaml }}{{ else }}{{ .Values.watchNamespaces | toYaml }}{{ end -}}
{{- end -}}

{{- /* Namespaces that it writes Secrets in. */ -}}
{{- define "esa.written" -}}
{{- if .Values.materializer.namespaces }}{{ .Values.materializer.namespaces | toYaml }}{{ else }}{{ include "esa.watched" . }}{{ end -}}
{{- end -}}
