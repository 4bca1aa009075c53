# A folder out of a variable, and one that hangs on it
FROM debian:bookworm-slim
ARG NAME=demo
WORKDIR /srv/$NAME
WORKDIR lib
RUN pwd
