# curl is used by the health check (and wget by CMD only): both must stay; NONE takes one away
FROM debian:bookworm-slim AS web
RUN apt-get update && apt-get install -y curl wget && curl --version > /dev/null && rm -rf /var/lib/apt/lists/*
HEALTHCHECK --interval=5s --retries=3 CMD curl -f http://localhost/ || exit 1
CMD wget -qO- http://localhost/
FROM web
HEALTHCHECK NONE
