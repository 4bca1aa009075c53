# syntax=docker/dockerfile:1
# The last line of the body is the marker; a suffix behind it would be an instruction
FROM debian:bookworm-slim
RUN <<'INSTALL'
set -e
apt-get update
apt-get install -y --no-install-recommends less
INSTALL
CMD ["less"]
