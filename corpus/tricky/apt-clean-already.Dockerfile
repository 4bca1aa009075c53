# Already clean: nothing to add
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends less \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/*
