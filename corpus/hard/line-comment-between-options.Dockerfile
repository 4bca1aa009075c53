# Comments in a list: indented, at column 0, ending in the escape character
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
    # the driver needs it
    libpq5 \
# https://issues.example.com/12 \
    jq \
 && rm -rf /var/lib/apt/lists/*
