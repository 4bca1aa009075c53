# Looks clean and is not: the star is quoted, so rm finds nothing
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y less && rm -rf "/var/lib/apt/lists/*"
