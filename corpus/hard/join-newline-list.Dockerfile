# syntax=docker/dockerfile:1
# Two commands in a heredoc are a list: the first may fail
FROM debian:bookworm-slim
RUN <<EOF
step-one
step-two
EOF
RUN after
