# The variable of the first RUN is not set in the second
FROM debian:bookworm-slim
RUN VERSION=1.2; make VERSION=$VERSION
RUN echo "[$VERSION]" > /etc/version
