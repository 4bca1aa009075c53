# `\ \` at the line end: a quoted blank, then a continuation
FROM debian:bookworm-slim
RUN mkdir -p /srv/a\ \
b && ls /srv
RUN apt-get update && apt-get install -y less
