# The next stage takes the lists themselves
FROM debian:bookworm-slim AS lists
RUN apt-get update && apt-get install -y less
FROM debian:bookworm-slim
COPY --from=lists /var/lib/apt/lists/ /var/lib/apt/lists/
RUN apt-get install -y tree
