# CRLF in a heredoc: the body reaches the shell with its carriage returns
FROM debian:bookworm-slim
COPY <<EOF /etc/motd
hello
EOF
RUN <<EOF
echo one
EOF
