# Copies everything and then removes what was not wanted: it stays in the layer before
FROM debian:bookworm-slim
COPY . /app
RUN rm -rf /app/.git /app/docs && find /app -name '*.md' -delete
