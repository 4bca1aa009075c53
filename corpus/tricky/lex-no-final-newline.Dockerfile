# The last line has no newline: it stays so
FROM debian:bookworm-slim
RUN apt-get update
RUN apt-get install -y less