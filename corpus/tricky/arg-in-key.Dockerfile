# A volatile ARG above the install makes its layer miss each time; the shell reads VERSION, nothing reads COMMIT before the end
FROM debian:bookworm-slim
ARG COMMIT
ARG VERSION=1
RUN apt-get update && apt-get install -y less
RUN echo "$VERSION" > /etc/our-version
LABEL org.opencontainers.image.revision=$COMMIT
