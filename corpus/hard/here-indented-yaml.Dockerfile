# syntax=docker/dockerfile:1
# YAML and JSON bodies: their layout is their meaning
FROM debian:bookworm-slim
COPY <<YAML /etc/app.yaml
a:
    - 1.50
    -   "x: y"   
YAML
COPY <<JSON /etc/app.json
{"id": 12345678901234567890,   "v": 1.50}
JSON
