# The status that counts is the last one; a clean-up in its place would hide it
FROM debian:bookworm-slim
RUN apt-get update; apt-get install -y --no-install-recommends less; make extras
