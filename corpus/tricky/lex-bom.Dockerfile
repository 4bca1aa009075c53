# A byte order mark in front of the first line: kept, and not part of the first word
FROM debian:bookworm-slim
RUN apt-get update
RUN apt-get install -y less
