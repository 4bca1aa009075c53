# The programs read VERSION out of the environment; nothing in the text says so
FROM debian:bookworm-slim
ARG VERSION=1.2
ENV VERSION=$VERSION
RUN make
RUN env > /etc/env
