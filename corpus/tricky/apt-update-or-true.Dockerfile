# The update may fail: joining or reordering must not change when that stops the build
FROM debian:bookworm-slim
RUN apt-get update || true
RUN apt-get install -y less || (apt-get update && apt-get install -y less)
RUN apt-get update || apt-get update || exit 1
