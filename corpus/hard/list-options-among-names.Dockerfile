# Options with values stand between and behind the names
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends -t bookworm-backports git less -o Dpkg::Options::=--force-confold \
 && apk-like --virtual deps gcc \
 && rm -rf /var/lib/apt/lists/*
