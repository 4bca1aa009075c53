# syntax=docker/dockerfile:1
# The commands go on behind the opening on the same line
FROM debian:bookworm-slim
RUN cat <<EOF > /etc/apt/sources.list.d/ours.list && apt-get update && apt-get install -y --no-install-recommends ours
deb [trusted=yes] https://files.example.com/$HOME ./
EOF
