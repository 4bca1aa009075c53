# `&` at the end: `& &&` is a syntax error, and the job dies with its RUN
FROM debian:bookworm-slim
RUN sleep 0.1 &
RUN apt-get update && apt-get install -y less
