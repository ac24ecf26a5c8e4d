{{/* The image of a part: dict "root" $ "part" "webhook". */}}
{{- define "pod-identity.image" -}}
{{- $images := .root.Values.images -}}
{{- $digest := get $images.digests .part -}}
{{- printf "%s/%s" $images.registry .part -}}
{{- if $digest }}@{{ $digest }}{{ else }}:{{ $images.tag | default .root.Chart.AppVersion }}{{ end -}}
{{- end }}

{{/* The settings of the webhook: with the auth service, those that belong to it are the default. */}}
{{- define "pod-identity.settings" -}}
{{- $settings := dict -}}
{{- if and .Values.auth.enabled (eq (.Values.settings.source | default "eks-auth") "eks-auth") -}}
{{- $settings = dict "source" "eks-auth" "eks-auth-endpoint" (printf "https://pod-identity-auth.%s.svc" .Release.Namespace) -}}
{{- end -}}
{{- $settings = mergeOverwrite $settings .Values.settings -}}
{{- if eq ($settings.source | default "web-identity") "eks-auth" -}}
{{- range list "cluster-name" "eks-auth-endpoint" -}}
{{- if not (get $settings .) }}{{ fail (printf "settings.%s is empty: source eks-auth needs it" .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toYaml $settings -}}
{{- end }}

{{/* The settings of the auth service: cluster and region are the webhook's by default. */}}
{{- define "pod-identity.authSettings" -}}
{{- $settings := mergeOverwrite (pick .Values.settings "cluster-name" "region") .Values.auth.settings -}}
{{- range list "cluster-name" "cluster-arn" -}}
{{- if not (get $settings .) }}{{ fail (printf "auth.settings.%s is empty: the auth service needs it" .) }}{{ end -}}
{{- end -}}
{{- $end := printf ":cluster/%s" (get $settings "cluster-name") -}}
{{- if not (hasSuffix $end (get $settings "cluster-arn")) }}{{ fail (printf "auth.settings.cluster-arn does not end in %s, the name of the cluster" $end) }}{{ end -}}
{{- toYaml $settings -}}
{{- end }}

{{/* Settings as flags. A number comes as a float64 from YAML, which prints large ones with an exponent. */}}
{{- define "pod-identity.flags" -}}
{{- range $name, $value := . }}
- {{ printf "--%s=%s" $name (kindIs "float64" $value | ternary ($value | int64 | toString) ($value | toString)) | quote }}
{{- end }}
{{- end }}

{{/* The labels of a part's pods: dict "root" $ "part" .Values.webhook "name" "pod-identity-webhook". */}}
{{- define "pod-identity.podMetadata" -}}
labels:
  {{- with .part.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  app.kubernetes.io/name: {{ .name }}
  app.kubernetes.io/part-of: pod-identity
  {{- with .component }}
  app.kubernetes.io/component: {{ . }}
  {{- end }}
{{- with .part.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What the pods of all parts have, but for the container's own fields. The same arguments. */}}
{{- define "pod-identity.podSpec" -}}
serviceAccountName: {{ .name }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* What the containers of all parts have. The same arguments. */}}
{{- define "pod-identity.container" -}}
{{- with .root.Values.images.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
env:
  - name: POD_NAMESPACE
    valueFrom:
      fieldRef:
        fieldPath: metadata.namespace
  # The process takes 90 % of this for its heap.
  - name: GOMEMLIMIT
    valueFrom:
      resourceFieldRef:
        resource: limits.memory
ports:
  - name: https
    containerPort: 9443
  - name: health
    containerPort: 8081
  - name: metrics
    containerPort: 8080
readinessProbe:
  httpGet:
    path: /readyz
    port: health
  periodSeconds: 2
livenessProbe:
  httpGet:
    path: /healthz
    port: health
resources:
  {{- toYaml .part.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}
