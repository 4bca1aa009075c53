# Backslashes and hash signs in a body belong to the shell; the builder removes nothing
FROM debian:bookworm-slim
RUN <<EOF
apt-get update && \
  apt-get install -y \
  less
echo "not a comment: \
# kept" > /etc/kept
EOF
