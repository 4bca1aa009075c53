# FROM in its odder forms: variable, platform flag, stage names in other letter case, digest-like names
ARG BASE=debian:bookworm-slim
ARG TAG=bookworm-slim
FROM --platform=$BUILDPLATFORM ${BASE} AS Tools
RUN apt-get update && apt-get install -y less
FROM debian:$TAG as second
COPY --from=tools /usr/bin/less /usr/bin/less
FROM scratch
COPY --from=1 /usr/bin/less /less
