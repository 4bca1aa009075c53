# The terminator is the last line and has no newline
FROM debian:bookworm-slim
RUN <<EOF
apt-get update
apt-get install -y less
EOF