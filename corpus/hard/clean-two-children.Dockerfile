# Both children live from the parent's lists, one of them by its number
FROM debian:bookworm-slim AS base
RUN apt-get update
FROM base AS one
RUN apt-get install -y --no-install-recommends tree
FROM base
RUN apt-get install -y --no-install-recommends jq
COPY --from=1 /usr/bin/tree /usr/bin/tree
