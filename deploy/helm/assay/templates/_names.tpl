{{/* Name of everything that belongs to a release. */}}
{{- define "assay.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "assay.selector" -}}
app.kubernetes.io/name: assay
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "assay.labels" -}}
{{ include "assay.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "assay.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "assay.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{- define "assay.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Something must stand between the port and everybody else. */}}
{{- define "assay.refuseOpen" -}}
{{- if not (or .Values.http.webConfigSecret .Values.networkPolicy.enabled .Values.http.insecure) -}}
{{- fail "anybody could read the evidence: set http.webConfigSecret, or networkPolicy.enabled, or http.insecure behind a mesh that authenticates" -}}
{{- end -}}
{{- if and (or .Values.http.tls .Values.http.clientCertificates) (not .Values.http.webConfigSecret) -}}
{{- fail "http.tls and http.clientCertificates say what the web configuration does: set http.webConfigSecret" -}}
{{- end -}}
{{- if and .Values.http.clientCertificates (not .Values.http.tls) -}}
{{- fail "client certificates are of TLS: set http.tls" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- fail "serviceMonitor and podMonitor together scrape everything twice: enable one" -}}
{{- end -}}
{{- end -}}

{{/* How Prometheus asks, of a ServiceMonitor and of a PodMonitor. */}}
{{- define "assay.endpoint" -}}
port: http
path: /metrics
interval: {{ .Values.serviceMonitor.interval }}
scrapeTimeout: {{ .Values.serviceMonitor.timeout }}
relabelings:  # the pod's name and not its address: what alerts keep of it outlives a restart
  - {sourceLabels: [__meta_kubernetes_pod_name], targetLabel: instance}
{{- if .Values.http.tls }}
scheme: https
{{- end }}
{{- with .Values.serviceMonitor.tokenSecret }}
{{- if .name }}
authorization:
  credentials: {name: {{ .name | quote }}, key: {{ .key | quote }}}
{{- end }}
{{- end }}
{{- with .Values.serviceMonitor.basicAuthSecret }}
{{- if .name }}
basicAuth:
  username: {name: {{ .name | quote }}, key: {{ .usernameKey | quote }}}
  password: {name: {{ .name | quote }}, key: {{ .passwordKey | quote }}}
{{- end }}
{{- end }}
{{- with .Values.serviceMonitor.tlsConfig }}
tlsConfig: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
