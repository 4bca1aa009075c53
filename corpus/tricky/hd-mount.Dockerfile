# Flags before a heredoc
FROM debian:bookworm-slim
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked <<EOF
rm -f /etc/apt/apt.conf.d/docker-clean
apt-get update
apt-get install -y less
EOF
