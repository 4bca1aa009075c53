# syntax=docker/dockerfile:1
# A shell heredoc in a CRLF file: BuildKit gives the body to the shell as it stands
FROM debian:bookworm-slim
RUN <<EOF
make one
make two
EOF
