# SHELL changes between RUNs: pipefail holds only between the two SHELL lines
FROM debian:bookworm
RUN false | true
SHELL ["/bin/bash", "-e", "-o", "pipefail", "-c"]
RUN apt-get update | tail -n 1
RUN apt-get install -y less; rm -rf /var/lib/apt/lists/*
SHELL ["/bin/sh", "-c"]
RUN yes | head -n 1
