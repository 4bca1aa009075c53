# syntax=docker/dockerfile:1
# Two RUNs with the same mount, and one that must not see it
FROM debian:bookworm-slim
RUN --mount=type=bind,source=scripts,target=/scripts /scripts/one.sh
RUN --mount=type=bind,source=scripts,target=/scripts /scripts/two.sh
RUN ls /scripts || true
