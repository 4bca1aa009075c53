# `!` negates one pipeline only; neither set -e nor && may be moved across it
FROM debian:bookworm-slim
RUN apt-get update && ! grep -q BAD /etc/passwd && apt-get install -y less
RUN ! test -e /etc/forbidden
RUN echo end
