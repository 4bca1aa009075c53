# The container compiles when it runs
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make && rm -rf /var/lib/apt/lists/*
RUN make
CMD ["make", "-C", "/work-dir", "run"]
