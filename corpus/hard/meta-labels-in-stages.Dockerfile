# The same key in a parent and its child, where the last counts
FROM debian:bookworm-slim AS base
LABEL a=1 b=1
FROM base
LABEL a=2
