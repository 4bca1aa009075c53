# Debian 12's dash has no pipefail, and the text in quotes is no pipe
FROM debian:bookworm-slim
RUN make list | sort > /etc/list
RUN echo "a | b" > /etc/pipe
