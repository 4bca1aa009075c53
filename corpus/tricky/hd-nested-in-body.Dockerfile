# A shell heredoc inside the body, and the same name again for an empty file
FROM debian:bookworm-slim
RUN <<EOF
cat > /etc/inner <<INNER
apt-get install -y x
INNER
apt-get update && apt-get install -y less
EOF
COPY <<EOF /etc/outer
EOF
