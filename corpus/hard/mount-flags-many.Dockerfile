# syntax=docker/dockerfile:1
# Three mounts, one RUN: an edit must keep them apart
FROM debian:bookworm-slim
RUN rm -f /etc/apt/apt.conf.d/docker-clean
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    --mount=type=secret,id=netrc \
    apt-get update && apt-get install less
