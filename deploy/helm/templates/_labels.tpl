{{- /* Selects the pods of this release. In JSON, which is YAML too, so that no template has to indent anything. */ -}}
{{- define "labels" -}}
{{ toJson (dict "app.kubernetes.io/name" .Release.Name) }}
{{- end -}}
