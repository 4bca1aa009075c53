# The mounts of the RUNs differ: joining gives commands files they did not see, or takes them away
FROM debian:bookworm-slim
RUN --mount=type=tmpfs,target=/scratch touch /scratch/a
RUN --mount=type=bind,source=.,target=/ctx ls /ctx
RUN --network=none true
RUN apt-get update && apt-get install -y less
