# The terminator has a trailing blank, so the heredoc never ends: an error for the builder
FROM debian:bookworm-slim
RUN <<EOF
apt-get update
apt-get install -y less
EOF 
CMD ["less"]
