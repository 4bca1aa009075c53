# The child stage begins in the folder of its parent
FROM debian:bookworm-slim AS base
WORKDIR /opt/build
FROM base
WORKDIR out
RUN pwd
COPY x ./
