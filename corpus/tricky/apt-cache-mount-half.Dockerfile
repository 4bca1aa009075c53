# Only the archives are in a mount; the lists still go into the layer
FROM debian:bookworm-slim
RUN --mount=type=cache,target=/var/cache/apt apt-get update && apt-get install -y less
