# The ARG before FROM is not seen in the stage until it is repeated; the one below is used by the shell only
ARG PKG=less
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y tree$PKG
ARG PKG
RUN apt-get install -y $PKG
