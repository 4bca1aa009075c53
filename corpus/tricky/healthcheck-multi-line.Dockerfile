# A health check over several lines with a comment, then a second one that replaces it
FROM debian:bookworm-slim
HEALTHCHECK --interval=5m \
    # long on purpose
    --timeout=3s \
    CMD test -e /tmp/alive \
    || exit 1
HEALTHCHECK CMD ["true"]
