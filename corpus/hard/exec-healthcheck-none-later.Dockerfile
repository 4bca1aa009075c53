# The parent's check is taken away by the child; both lines have their meaning
FROM debian:bookworm-slim AS base
HEALTHCHECK CMD true
FROM base
HEALTHCHECK NONE
