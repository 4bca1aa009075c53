# `exit 0` in the middle of a body: whatever is appended behind it never runs
FROM debian:bookworm-slim
RUN <<EOF
apt-get update
apt-get install -y less || exit 1
[ -e /etc/skip ] || exit 0
echo only with the skip file
EOF
RUN echo next
