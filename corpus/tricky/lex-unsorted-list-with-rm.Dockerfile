# An unsorted one-per-line list whose last word is followed by `\` and a clean-up line
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
    tree \
    jq \
    && rm -rf /var/lib/apt/lists/*
