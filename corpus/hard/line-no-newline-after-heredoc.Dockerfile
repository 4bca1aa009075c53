# syntax=docker/dockerfile:1
# The terminator is the end of the file
FROM debian:bookworm-slim
COPY <<EOF /etc/motd
welcome
EOF