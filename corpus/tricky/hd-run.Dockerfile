# A plain heredoc RUN: a suffix belongs into the body, never on the RUN line; no `set -e`, so only the last status counts
FROM debian:bookworm-slim
RUN <<EOF
apt-get update
apt-get install -y less
EOF
CMD ["less", "--version"]
