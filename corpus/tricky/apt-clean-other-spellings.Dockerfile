# Clean in other spellings: each of these stages has nothing left to clean
FROM debian:bookworm-slim AS a
RUN apt-get update && apt-get install -y less && rm -fr /var/lib/apt/lists/
FROM debian:bookworm-slim AS b
RUN apt-get update && apt-get install -y less && find /var/lib/apt/lists -type f -delete
FROM debian:bookworm-slim AS c
RUN apt-get update && apt-get install -y less && rm -r -f /tmp/x "/var/lib/apt/lists"/* /var/cache/apt/*
FROM debian:bookworm-slim
RUN apt-get update; apt-get install -y less; cd /var/lib/apt/lists && rm -rf -- *
