# An instruction follows the terminator without a blank line (some parsers stop here)
FROM debian:bookworm-slim
RUN <<EOF
apt-get update
EOF
RUN apt-get install -y less
COPY <<EOF /etc/motd
hello
EOF
CMD ["cat", "/etc/motd"]
