{{- /* The template of the pod, the same for both kinds of workload but for where objects are. */ -}}
{{- define "esa.pod" -}}
metadata:
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  labels:
    {{- include "esa.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "esa.serviceAccount" . }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.hostNetwork }}
  hostNetwork: true
  {{- end }}
  {{- with .Values.dnsPolicy }}
  dnsPolicy: {{ . }}
  {{- end }}
  {{- with .Values.dnsConfig }}
  dnsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.hostAliases }}
  hostAliases:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.podSpecExtra }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
  {{- else if gt (int .Values.replicaCount) 1 }}
  topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "esa.selector" . | nindent 8 }}
  {{- end }}
  {{- if .Values.podSecurityContext.enabled }}
  securityContext:
    {{- omit .Values.podSecurityContext "enabled" | toYaml | nindent 4 }}
  {{- end }}
  {{- if not (include "esa.embedded" .) }}
  # What is under way may take half a minute, after the delay.
  terminationGracePeriodSeconds: {{ add .Values.shutdownDelaySeconds 50 }}
  {{- end }}
  {{- with .Values.extraInitContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
  - name: apiserver
    image: {{ include "esa.image" . }}
    {{- with .Values.image.pullPolicy }}
    imagePullPolicy: {{ . }}
    {{- end }}
    args:
    {{- include "esa.args" . | nindent 4 }}
    {{- $memory := include "esa.memoryLimit" . }}
    {{- if or $memory .Values.extraEnv }}
    env:
    {{- if $memory }}
    # Some way below the limit: etcd's memory map is not the Go runtime's.
    - name: GOMEMLIMIT
      value: {{ $memory }}
    {{- end }}
    {{- with .Values.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- end }}
    ports:
    - name: https
      containerPort: 8443
    {{- with .Values.metrics.listen.port }}
    - name: metrics
      containerPort: {{ include "esa.scalar" . }}
    {{- end }}
    {{- if .Values.securityContext.enabled }}
    securityContext:
      {{- omit .Values.securityContext "enabled" | toYaml | nindent 6 }}
    {{- end }}
    startupProbe:
      httpGet:
        # A restart does not make a slow disk faster.
        path: /livez?exclude=etcd
        port: https
        scheme: HTTPS
      periodSeconds: 1
      failureThreshold: 120
    readinessProbe:
      httpGet:
        # A server whose store is not the one on record gets requests all the same: its answers say what to do.
        path: /readyz?exclude=fence
        port: https
        scheme: HTTPS
      periodSeconds: 2
      timeoutSeconds: 5
    livenessProbe:
      httpGet:
        path: /livez?exclude=etcd
        port: https
        scheme: HTTPS
      periodSeconds: 10
      timeoutSeconds: 10
      failureThreshold: 6
    {{- with .Values.resources }}
    resources:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- $mounts := include "esa.mounts" . }}
    {{- if or $mounts .Values.extraVolumeMounts }}
    volumeMounts:
    {{- with $mounts }}
    {{- nindent 4 . }}
    {{- end }}
    {{- with .Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- end }}
  {{- with .Values.extraContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- $volumes := include "esa.volumes" . }}
  {{- if or $volumes .Values.extraVolumes }}
  volumes:
  {{- with $volumes }}
  {{- nindent 2 . }}
  {{- end }}
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{- define "esa.mounts" -}}
{{- $mounts := list -}}
{{- if include "esa.embedded" . -}}
{{- $mounts = append $mounts "- name: data\n  mountPath: /var/lib/external-secrets-apiserver" -}}
{{- else if .Values.etcd.external.tls.secretName -}}
{{- $mounts = append $mounts "- name: etcd\n  mountPath: /etc/external-secrets-apiserver/etcd\n  readOnly: true" -}}
{{- end -}}
{{- if .Values.snapshots.enabled -}}
{{- $mounts = append $mounts "- name: snapshots\n  mountPath: /var/lib/external-secrets-apiserver-snapshots" -}}
{{- end -}}
{{- if eq .Values.certificates.source "cert-manager" -}}
{{- $mounts = append $mounts "- name: tls\n  mountPath: /etc/external-secrets-apiserver/tls\n  readOnly: true" -}}
{{- end -}}
{{- join "\n" $mounts -}}
{{- end -}}

{{- define "esa.volumes" -}}
{{- $secrets := dict -}}
{{- if and (not (include "esa.embedded" .)) .Values.etcd.external.tls.secretName -}}
{{- $secrets = set $secrets "etcd" .Values.etcd.external.tls.secretName -}}
{{- end -}}
{{- if eq .Values.certificates.source "cert-manager" -}}
{{- $secrets = set $secrets "tls" (include "esa.certificateSecret" .) -}}
{{- end -}}
{{- $volumes := list -}}
{{- range $name, $secret := $secrets -}}
{{- $volumes = append $volumes (printf "- name: %s\n  secret:\n    secretName: %s\n    defaultMode: 0440" $name $secret) -}}
{{- end -}}
{{- if .Values.snapshots.enabled -}}
{{- $volumes = append $volumes (printf "- name: snapshots\n  %s" (toYaml .Values.snapshots.volume | nindent 2 | trim)) -}}
{{- end -}}
{{- join "\n" $volumes -}}
{{- end -}}
