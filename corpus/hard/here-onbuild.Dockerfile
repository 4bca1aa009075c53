# syntax=docker/dockerfile:1
# Triggers with heredocs: they belong to the child's build
FROM debian:bookworm-slim
ONBUILD COPY <<EOF /etc/child.ini
a = b;c
EOF
ONBUILD RUN <<EOF
make one
make two
EOF
