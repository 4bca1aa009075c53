# The install happens between two USER lines; the image ends as its own user
FROM debian:bookworm-slim
RUN useradd -m app
USER app
RUN id -u > /tmp/id
USER root
RUN apt-get update && apt-get install -y less
USER app
