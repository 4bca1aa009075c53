# A template with placeholders in many places
FROM {{ .Base }}
ENV VERSION={{ .Version }}
RUN apt-get update && apt-get install -y {{ range .Packages }}{{ . }} {{ end }}
{{ if .User }}USER {{ .User }}{{ end }}
