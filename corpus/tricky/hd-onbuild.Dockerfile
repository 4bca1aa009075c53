# Heredocs behind ONBUILD run in the child's build, not here
FROM debian:bookworm-slim
ONBUILD RUN <<EOF
apt-get update
apt-get install -y less
EOF
ONBUILD COPY <<EOF /etc/child
child
EOF
RUN apt-get update && apt-get install -y tree
