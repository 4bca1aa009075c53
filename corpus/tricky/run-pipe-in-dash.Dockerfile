# /bin/sh is dash here and has no pipefail; `yes | head` would fail under it anyway
FROM debian:bookworm-slim
RUN apt-get update 2>&1 | tee /var/log/update.log
RUN yes | apt-get install less | tail -n 2
RUN echo "a | b" > /etc/pipe
